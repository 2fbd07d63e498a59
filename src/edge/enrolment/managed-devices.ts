// Devices that a Device Manager has given their certificate: known from the first time they show it. The certificate
// says which device it is; the organisation's settings say whose it is and, for as long as they name the Device Manager,
// that it counts.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { Audit } from '../audit/audit.ts';
import type { ClientCertificates } from '../authority/client-certificates.ts';
import type { Settings } from '../settings.ts';
import type { Store } from '../store/store.ts';

export interface ManagedDevices {
  /** To be awaited before a request with its certificate is answered. */
  arrive(request: IncomingMessage): Promise<void>;
}

export interface ManagedDevicesOptions {
  certificates: ClientCertificates;
  settings: Pick<Settings, 'deviceManagers'>;
  store: Store;
  audit: Audit;
}

export function createManagedDevices(options: ManagedDevicesOptions): ManagedDevices {
  const { certificates, settings, store, audit } = options;
  return {
    async arrive({ socket }) {
      const managed = socket instanceof TLSSocket ? certificates.managed(socket) : null;
      if (!managed) return;
      const manager = settings.deviceManagers().find(({ name }) => name === managed.manager);
      if (!manager) return;
      const { ownership } = manager;
      const known = await store.get('devices', managed.id);
      if (known) {
        // The Device Manager may have been configured anew since this device came first.
        if (known.ownership === ownership) return;
        await store.change('devices', known.id, (device) => device && { ...device, ownership });
        return;
      }
      const isNew = await store.change('devices', managed.id, (device) =>
        device
          ? undefined
          : {
              id: managed.id,
              name: managed.name,
              ownership,
              // It has not told; a role that asks for one does not fit.
              platform: '',
              serialNumber: managed.name,
              registeredAt: Math.floor(Date.now() / 1000),
              manager: manager.name,
            },
      );
      if (!isNew) return;
      audit.write({
        event: 'registration',
        correlation_id: randomUUID(),
        allowed: true,
        device: managed.id,
        manager: manager.name,
        from: socket.remoteAddress ?? '',
      });
    },
  };
}
