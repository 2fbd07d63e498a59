// TrustProvider settings: what administrators change while the edge runs. In memory and written through.
import { createHash, X509Certificate } from 'node:crypto';
import { AppError } from '../shared/errors.ts';
import type { Ownership } from '../shared/model/device.ts';
import type { Changes } from './changes.ts';
import type { DeviceManagerRecord, SettingsRecord, Store } from './store/store.ts';
import { createTurns } from './turns.ts';

const HOUR = 3600;
const SHORTEST_HOURS = 2;
const LONGEST_HOURS = 72;
const KEY = 'trust-provider';
/** Part of the ids of its devices. */
const NAME = /^[a-z0-9][a-z0-9-]{0,30}$/;

export interface DeviceManager {
  name: string;
  ownership: Ownership;
  certificate: X509Certificate;
}

export interface Settings {
  /** Of tokens that are issued from now on. */
  trustTokenSeconds(): number;
  /** Whether browsers on unregistered devices may sign in to web services; policy is asked all the same. */
  allowsUnregisteredDevices(): boolean;
  deviceManagers(): readonly DeviceManager[];
  setTokenLifetime(hours: number): Promise<void>;
  setUnregisteredDevices(how: 'dropped' | 'allowed'): Promise<void>;
  addDeviceManager(manager: { name: string; pem: string; ownership: Ownership }): Promise<void>;
  /** false: there is none of that name. */
  removeDeviceManager(name: string): Promise<boolean>;
  /** Somebody else has changed what is stored. */
  reread(): Promise<void>;
}

export async function openSettings(
  store: Store,
  changes: Changes,
  defaults: { trustToken: number },
): Promise<Settings> {
  let stored: SettingsRecord = (await store.get('settings', KEY)) ?? {};
  let managers = (stored.deviceManagers ?? []).map(readManager);

  // Two changes at once would each write what it has read, and the first be lost: a CA that was removed trusted again.
  const inTurn = createTurns();
  /** In a turn only. */
  const change = async (changed: Partial<SettingsRecord>): Promise<void> => {
    const next = { ...stored, ...changed };
    await store.put('settings', KEY, next);
    stored = next;
    managers = (stored.deviceManagers ?? []).map(readManager);
    changes.emit({ type: 'rules-changed' });
  };

  return {
    reread: () =>
      inTurn(async () => {
        stored = (await store.get('settings', KEY)) ?? {};
        managers = (stored.deviceManagers ?? []).map(readManager);
        changes.emit({ type: 'rules-changed' });
      }),
    trustTokenSeconds: () => stored.trustTokenSeconds ?? defaults.trustToken,
    allowsUnregisteredDevices: () => stored.unregisteredDevices === 'allowed',
    deviceManagers: () => managers,
    async setTokenLifetime(hours) {
      if (!(hours >= SHORTEST_HOURS && hours <= LONGEST_HOURS)) {
        const allowed = `A token lives between ${SHORTEST_HOURS} and ${LONGEST_HOURS} hours`;
        throw new AppError('edge/value-invalid', `${allowed}, not ${hours}.`);
      }
      await inTurn(() => change({ trustTokenSeconds: Math.round(hours * HOUR) }));
    },
    setUnregisteredDevices: (unregisteredDevices) => inTurn(() => change({ unregisteredDevices })),
    async addDeviceManager({ name, pem, ownership }) {
      if (!NAME.test(name)) {
        throw refused(`"${name}" is no name for it: small letters, digits and dashes, 31 at most`);
      }
      const certificate = readAuthority(pem);
      const record: DeviceManagerRecord = { name, ownership, certificate: certificate.toString() };
      await inTurn(async () => {
        const { deviceManagers = [] } = stored;
        if (deviceManagers.some((manager) => manager.name === name)) {
          throw refused(`there is a Device Manager "${name}" already; remove it first`);
        }
        await change({ deviceManagers: [...deviceManagers, record] });
      });
    },
    removeDeviceManager: (name) =>
      inTurn(async () => {
        const { deviceManagers = [] } = stored;
        const kept = deviceManagers.filter((manager) => manager.name !== name);
        if (kept.length === deviceManagers.length) return false;
        await change({ deviceManagers: kept });
        return true;
      }),
  };
}

export const fingerprintOf = (certificate: X509Certificate): string =>
  createHash('sha256').update(certificate.raw).digest('base64url');

const readManager = ({ name, ownership, certificate }: DeviceManagerRecord): DeviceManager => ({
  name,
  ownership,
  certificate: new X509Certificate(certificate),
});

/** Exactly one certificate, of an authority, now. */
function readAuthority(pem: string): X509Certificate {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length !== 1) {
    throw refused(
      `one certificate in PEM is expected, the one that signs those of the devices; there are ${blocks.length}`,
    );
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(blocks[0] ?? '');
  } catch (cause) {
    throw refused('the certificate cannot be read', cause);
  }
  if (!certificate.ca) throw refused('it is not the certificate of an authority (CA:TRUE)');
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw refused(`it has ended on ${certificate.validTo}`);
  }
  return certificate;
}

function refused(why: string, cause?: unknown): AppError {
  const sentence = `${why.charAt(0).toUpperCase()}${why.slice(1)}.`;
  return new AppError('edge/value-invalid', sentence, { cause });
}
