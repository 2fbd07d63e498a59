// What an administrator, or the device itself, does to a registered device. Each takes effect at once: sessions end,
// running connections are judged again, the device is told.
import type { Changes } from './changes.ts';
import type { TrustLevel } from './policy/decide.ts';
import type { DeviceRecord, Store } from './store/store.ts';
import type { Sessions } from './trust-provider/sessions.ts';

/** What a person without a registered device has instead of one: roles may name this platform. */
export const UNREGISTERED_DEVICE: DeviceRecord = {
  id: '',
  name: '',
  ownership: 'Other',
  platform: 'Unregistered',
  serialNumber: '',
  registeredAt: 0,
  trustLevel: 'Low',
};

export interface Devices {
  list(): Promise<DeviceRecord[]>;
  /** false: there is no such device; so do the others. */
  revoke(deviceId: string, reason: string): Promise<boolean>;
  setTrustLevel(deviceId: string, level: TrustLevel): Promise<boolean>;
  /** Ends all its sign-ins; it stays registered. Returns how many there were. */
  endSessions(deviceId: string, reason?: string): Promise<number>;
  /** The device itself wishes to be forgotten. */
  unregister(deviceId: string): Promise<void>;
}

export function createDevices(store: Store, sessions: Sessions, changes: Changes): Devices {
  const update = (deviceId: string, change: Partial<DeviceRecord>): Promise<boolean> =>
    store.change('devices', deviceId, (device) => device && { ...device, ...change });

  const endSessions = async (deviceId: string, reason?: string): Promise<number> => {
    const ids = await sessions.ofDevice(deviceId);
    for (const sessionId of ids) {
      await sessions.end(sessionId);
      changes.emit({ type: 'session-ended', sessionId, deviceId, ...(reason && { reason }) });
    }
    return ids.length;
  };

  return {
    list: async () => (await store.list('devices')).map(([, device]) => device),
    endSessions,
    async revoke(deviceId, reason) {
      if (!(await update(deviceId, { revoked: reason }))) return false;
      changes.emit({ type: 'device-revoked', deviceId, reason });
      await endSessions(deviceId);
      return true;
    },
    async setTrustLevel(deviceId, trustLevel) {
      const changed = await update(deviceId, { trustLevel });
      if (changed) changes.emit({ type: 'rules-changed' });
      return changed;
    },
    async unregister(deviceId) {
      await endSessions(deviceId);
      await store.delete('devices', deviceId);
      changes.emit({ type: 'device-unregistered', deviceId });
    },
  };
}
