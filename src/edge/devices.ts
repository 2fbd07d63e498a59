// What an administrator, or the device itself, does to a registered device. Each takes effect at once: sessions end,
// running connections are judged again, the device is told.
import type { Changes } from './changes.ts';
import type { PostureReport, TrustLevel } from '../shared/model/posture.ts';
import { judgePosture, type PostureJudgement, type PostureRules } from './policy/posture.ts';
import type { DeviceRecord, Store } from './store/store.ts';
import type { Session, Sessions } from './trust-provider/sessions.ts';

/** What a person without a registered device has instead of one: roles may name this platform. */
export const UNREGISTERED_DEVICE: DeviceRecord = {
  id: '',
  name: '',
  ownership: 'Other',
  platform: 'Unregistered',
  serialNumber: '',
  registeredAt: 0,
  cap: { level: 'Low', reason: 'This device is not registered.' },
};

export interface Devices {
  list(): Promise<DeviceRecord[]>;
  /** false: there is no such device; so do the others. */
  revoke(deviceId: string, reason: string): Promise<boolean>;
  /** Its sign-ins end, and it gets no new one until the ban is lifted (null). */
  ban(deviceId: string, reason: string | null): Promise<boolean>;
  /** No more than this level from now on; null lifts the cap. The person may read the reason. */
  capTrustLevel(deviceId: string, level: TrustLevel | null, reason: string): Promise<boolean>;
  /** What the device says about itself; null: there is no such device. */
  reportPosture(deviceId: string, report: PostureReport): Promise<PostureJudgement | null>;
  /** Ends all its sign-ins; it stays registered. Returns how many there were. */
  endSessions(deviceId: string, reason?: string): Promise<number>;
  /** Ends all sign-ins that match. Returns how many there were. */
  endSessionsThat(matches: (session: Session) => boolean, reason: string): Promise<number>;
  /** The device itself wishes to be forgotten. */
  unregister(deviceId: string): Promise<void>;
}

export interface DevicesOptions {
  store: Store;
  sessions: Sessions;
  changes: Changes;
  posture: PostureRules;
}

export function createDevices({ store, sessions, changes, posture }: DevicesOptions): Devices {
  const update = (deviceId: string, change: Partial<DeviceRecord>): Promise<boolean> =>
    store.change('devices', deviceId, (device) => device && { ...device, ...change });

  const end = async (sessionId: string, deviceId: string, reason?: string): Promise<void> => {
    await sessions.end(sessionId, reason);
    changes.emit({ type: 'session-ended', sessionId, deviceId, ...(reason && { reason }) });
  };
  const endSessions = async (deviceId: string, reason?: string): Promise<number> => {
    const ids = await sessions.ofDevice(deviceId);
    for (const sessionId of ids) await end(sessionId, deviceId, reason);
    return ids.length;
  };

  return {
    list: async () => (await store.list('devices')).map(([, device]) => device),
    endSessions,
    async revoke(deviceId, reason) {
      if (!(await update(deviceId, { revoked: reason, refusedAt: secondsNow() }))) {
        return false;
      }
      changes.emit({ type: 'device-revoked', deviceId, reason });
      await endSessions(deviceId);
      return true;
    },
    async ban(deviceId, reason) {
      const changed = await store.change('devices', deviceId, (device) => {
        if (!device) return undefined;
        const { banned: _, refusedAt, ...rest } = device;
        if (reason !== null) return { ...rest, banned: reason, refusedAt: secondsNow() };
        return rest.revoked !== undefined && refusedAt ? { ...rest, refusedAt } : rest;
      });
      if (changed && reason !== null) await endSessions(deviceId, reason);
      return changed;
    },
    async endSessionsThat(matches, reason) {
      const ended = (await sessions.list()).filter(matches);
      for (const { id, deviceId } of ended) await end(id, deviceId, reason);
      return ended.length;
    },
    async capTrustLevel(deviceId, level, reason) {
      const changed = await store.change('devices', deviceId, (device) => {
        if (!device) return undefined;
        const { cap: _, ...rest } = device;
        return level === null ? rest : { ...rest, cap: { level, reason } };
      });
      if (changed) changes.emit({ type: 'trust-level-changed', deviceId });
      return changed;
    },
    async reportPosture(deviceId, report) {
      const before = await store.get('devices', deviceId);
      const at = secondsNow();
      if (!before || !(await update(deviceId, { posture: { report, at } }))) return null;
      const judged = judgePosture({ ...before, posture: { report, at } }, posture);
      // One that was stale or absent counts as what it was judged until now.
      if (judged.level !== judgePosture(before, posture).level) {
        changes.emit({ type: 'trust-level-changed', deviceId });
      }
      return judged;
    },
    async unregister(deviceId) {
      await endSessions(deviceId);
      for (const [serial, certificate] of await store.list('deviceCertificates')) {
        if (certificate.deviceId !== deviceId) continue;
        await store.put('deviceCertificates', serial, { ...certificate, endedAt: secondsNow() });
      }
      await store.delete('devices', deviceId);
      changes.emit({ type: 'device-unregistered', deviceId });
    },
  };
}

const secondsNow = (): number => Math.floor(Date.now() / 1000);
