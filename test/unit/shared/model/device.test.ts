import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/shared/errors.ts';
import {
  type Device,
  type DeviceEvent,
  nextDevice,
  unregistered,
} from '../../../../src/shared/model/device.ts';
import type { Posture } from '../../../../src/shared/model/posture.ts';

const error = new AppError('device/certificate-refused', 'No longer.').toWire();
const registration = {
  device: { id: 'd', name: 'laptop', ownership: 'Other', certificateExpiresAt: 9 },
  organisation: { id: '0'.repeat(16), name: 'Demo', host: 'demo', rootFingerprint: 'f' },
  secrets: 'memory',
} as const;
const posture: Posture = {
  report: {
    UpToDateOS: 'debian|12|6.1',
    DiskEncryptionEnabled: 'true',
    FirewallEnabled: 'false',
    ScreenLockEnabled: 'unknown',
    AutoUpdateEnabled: 'true',
    applications: {},
  },
  checkedAt: 1,
};
const states: Record<string, Device> = {
  unregistered,
  registering: { status: 'registering', organisation: 'demo', startedAt: 1 },
  registered: { status: 'registered', ...registration },
  revoked: { status: 'revoked', because: error, ...registration },
};
const events: Record<DeviceEvent['type'], DeviceEvent> = {
  'registration-started': { type: 'registration-started', organisation: 'demo', at: 1 },
  'registration-failed': { type: 'registration-failed', error },
  registered: { type: 'registered', ...registration },
  'posture-changed': { type: 'posture-changed', posture },
  'renewal-failed': { type: 'renewal-failed', error },
  'version-judged': { type: 'version-judged', because: error },
  revoked: { type: 'revoked', error },
  unregistered: { type: 'unregistered' },
};

/** Status after the event; what is not listed changes nothing. */
const table: Record<string, Partial<Record<DeviceEvent['type'], string>>> = {
  unregistered: { 'registration-started': 'registering', registered: 'registered' },
  registering: {
    'registration-failed': 'unregistered',
    registered: 'registered',
    unregistered: 'unregistered',
  },
  registered: {
    registered: 'registered',
    'posture-changed': 'registered',
    'renewal-failed': 'registered',
    'version-judged': 'registered',
    revoked: 'revoked',
    unregistered: 'unregistered',
  },
  revoked: { unregistered: 'unregistered' },
};

describe('a device', () => {
  for (const [status, state] of Object.entries(states)) {
    for (const [type, event] of Object.entries(events)) {
      const expected = table[status]?.[event.type];
      it(`${status} + ${type} ${expected ? `becomes ${expected}` : 'stays the same object'}`, () => {
        const next = nextDevice(state, event);
        if (expected) expect(next.status).toBe(expected);
        else expect(next).toBe(state);
      });
    }
  }

  it('keeps its posture when its certificate is renewed, and forgets that a renewal failed', () => {
    const looked = nextDevice(states['registered']!, { type: 'posture-changed', posture });
    const failing = nextDevice(looked, { type: 'renewal-failed', error });
    expect(failing).toMatchObject({ posture, renewalFailed: error });
    const renewed = nextDevice(failing, { type: 'registered', ...registration });
    expect(renewed).toEqual({ status: 'registered', ...registration, posture });
  });

  it('does not take over the posture of another device', () => {
    const looked = nextDevice(states['registered']!, { type: 'posture-changed', posture });
    const other = { ...registration, device: { ...registration.device, id: 'e' } };
    expect(nextDevice(looked, { type: 'registered', ...other })).not.toHaveProperty('posture');
  });
});
