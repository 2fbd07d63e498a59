// Each reason alone for which a caller is let in no longer: in an edge that runs, several come together.
import { expect, test } from 'vitest';
import { type AdmitOptions, createAdmit } from '../../../../src/edge/access-tier/admit.ts';
import { DEFAULT_POSTURE } from '../../../../src/edge/policy/posture.ts';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import type { DeviceRecord } from '../../../../src/edge/store/store.ts';

const person = { email: 'dana@demo.example', groups: ['staff'] };
const caller = { deviceId: 'laptop', sessionId: 's', person };
const service = { id: 'echo', enabled: true };

/** An edge in which this caller is let in, but for what is changed. */
async function edge(
  device: Partial<DeviceRecord> = {},
  changed: { live?: string[]; known?: string[]; exempt?: boolean; old?: boolean } = {},
) {
  const store = createMemoryStore();
  await store.put('devices', 'laptop', { id: 'laptop', ...device } as DeviceRecord);
  const { live = ['s laptop'], known = ['echo'], exempt = false } = changed;
  let isOld = changed.old ?? false;
  const options = {
    store,
    sessions: { isLive: async (id: string, of: string) => live.includes(`${id} ${of}`) },
    rulebook: {
      service: (id: string) => (known.includes(id) || isOld ? service : undefined),
      decide: () =>
        isOld ? { allowed: true } : { allowed: !changed.old, code: 'role', reason: 'No role.' },
    },
    rules: { isCurrent: () => !isOld, current: async () => void (isOld = false) },
    posture: DEFAULT_POSTURE,
    people: { asOfNow: async (given: unknown) => given },
    exemptsUnregistered: () => exempt,
  };
  return createAdmit(options as unknown as AdmitOptions);
}
const codeOf = async (admit: Awaited<ReturnType<typeof edge>>, deviceId = 'laptop') => {
  const admission = await admit.again({ ...caller, deviceId }, 'echo');
  return admission.allowed ? 'allowed' : `${admission.denial.code}: ${admission.denial.reason}`;
};

test('whom nothing speaks against is let in', async () => {
  expect(await codeOf(await edge())).toBe('allowed');
});

test.for<[string, Parameters<typeof edge>, string]>([
  ['a service that is gone', [{}, { known: [] }], 'service_unknown: There is no such service'],
  ['a revoked device', [{ revoked: 'Lost.' }], 'device_revoked: '],
  ['a banned device', [{ banned: 'Lost on a train.' }], 'session_ended: Lost on a train.'],
  ['the session of another device', [{}, { live: ['s phone'] }], 'session_ended: '],
  ['what rules allow that hold no more', [{}, { old: true }], 'role: No role.'],
  ['a service that went away with them', [{}, { old: true, known: [] }], 'service_unknown: '],
])('%s is refused', async ([, wish, refusal]) => {
  expect(await codeOf(await edge(...wish))).toContain(refusal);
});

test('no device is let in where that is exempted, by a session of the service itself, and nowhere else', async () => {
  const ofService = { live: ['s echo'], exempt: true };
  expect(await codeOf(await edge({}, ofService), '')).toBe('allowed');
  expect(await codeOf(await edge({}, { ...ofService, exempt: false }), '')).toContain('device_rev');
  expect(await codeOf(await edge({}, { ...ofService, live: ['s '] }), '')).toContain('session_e');
  // What is exempted for browsers without a device is not for one that is gone.
  expect(await codeOf(await edge({}, ofService), 'gone')).toContain('device_revoked');
});
