import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/shared/errors.ts';
import { aRegisteredDevice } from '../../../fixtures/snapshots.ts';
import {
  isHeldByFile,
  type ManagedRegistration,
  managedRegistrationAhead,
  type ManagedRegistrationEvent,
  nextManagedRegistration,
} from '../../../../src/shared/model/managed.ts';

const error = new AppError('organisation/unreachable', 'No answer.').toWire();
const organisation = { id: '0'.repeat(16), host: 'demo' };
const other = { id: '1'.repeat(16), host: 'other' };
const states: Record<ManagedRegistration['status'], ManagedRegistration> = {
  'not-set': { status: 'not-set' },
  due: { status: 'due', organisation },
  registering: { status: 'registering', organisation },
  waiting: { status: 'waiting', organisation, because: error, retryAt: 9 },
  refused: { status: 'refused', organisation, because: error },
  registered: { status: 'registered', organisation },
};
const events: Record<string, ManagedRegistrationEvent> = {
  'found nothing': { type: 'found', organisation: null, isRegistered: false },
  'found, not registered': { type: 'found', organisation, isRegistered: false },
  'found, registered': { type: 'found', organisation, isRegistered: true },
  'found another': { type: 'found', organisation: other, isRegistered: false },
  started: { type: 'started' },
  'failed for now': { type: 'failed', error, retryAt: 9 },
  'failed for good': { type: 'failed', error, retryAt: null },
  registered: { type: 'registered' },
};

/** Status after the event; what is not listed changes nothing. */
const table: Record<ManagedRegistration['status'], Record<string, string>> = {
  'not-set': {
    'found, not registered': 'due',
    'found, registered': 'registered',
    'found another': 'due',
  },
  due: {
    'found nothing': 'not-set',
    'found, registered': 'registered',
    'found another': 'due',
    started: 'registering',
    registered: 'registered',
  },
  registering: {
    'found nothing': 'not-set',
    'found, registered': 'registered',
    'found another': 'due',
    'failed for now': 'waiting',
    'failed for good': 'refused',
    registered: 'registered',
  },
  waiting: {
    'found nothing': 'not-set',
    'found, registered': 'registered',
    'found another': 'due',
    started: 'registering',
    registered: 'registered',
  },
  refused: {
    'found nothing': 'not-set',
    'found, registered': 'registered',
    'found another': 'due',
    started: 'registering',
    registered: 'registered',
  },
  registered: {
    'found nothing': 'not-set',
    'found, not registered': 'due',
    'found another': 'due',
  },
};

describe('a registration by a managed file', () => {
  for (const [status, state] of Object.entries(states)) {
    for (const [name, event] of Object.entries(events)) {
      const expected = table[state.status][name];
      it(`${status} + ${name} ${expected ? `becomes ${expected}` : 'stays the same object'}`, () => {
        const next = nextManagedRegistration(state, event);
        if (expected) expect(next.status).toBe(expected);
        else expect(next).toBe(state);
      });
    }
  }

  it('is ahead until it is registered, and holds the device from then on', () => {
    const managed = (registration: ManagedRegistration) =>
      ({ status: 'in-force', settings: {}, registration }) as const;
    const ahead = Object.values(states).filter((state) => managedRegistrationAhead(managed(state)));
    expect(ahead.map(({ status }) => status)).toEqual(['due', 'registering', 'waiting', 'refused']);
    const of = (id: string) => {
      const device = aRegisteredDevice();
      return { ...device, organisation: { ...device.organisation, id } };
    };
    const device = of(organisation.id);
    const held = Object.values(states).filter((state) => isHeldByFile(managed(state), device));
    expect(held.map(({ status }) => status)).toEqual(['registered']);
    const file = managed(states.registered);
    expect(isHeldByFile(file, { ...device, status: 'revoked', because: error })).toBe(true);
    expect(isHeldByFile(file, of(other.id))).toBe(false);
    expect(isHeldByFile(file, { status: 'unregistered' })).toBe(false);
    expect(isHeldByFile({ status: 'absent' }, device)).toBe(false);
    const ended = new AppError('device/certificate-expired', 'It has ended.').toWire();
    expect(isHeldByFile(file, { ...device, renewalFailed: error })).toBe(true);
    expect(isHeldByFile(file, { ...device, renewalFailed: ended })).toBe(false);
  });
});
