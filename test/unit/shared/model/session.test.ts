import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/shared/errors.ts';
import {
  nextSession,
  type Session,
  type SessionEvent,
  signedOut,
} from '../../../../src/shared/model/session.ts';

const error = new AppError('identity/session-expired', 'Over.').toWire();
const person = { subject: 'u-dana', name: 'Dana', email: 'dana@demo.example', groups: [] };
const states = {
  'signed-out': signedOut,
  'signing-in': {
    status: 'signing-in',
    before: { status: 'signed-out' },
    startedAt: 1,
    prompt: null,
  },
  'signed-in': { status: 'signed-in', person, expiresAt: 9 },
  'signed-in, ending': { status: 'signed-in', person, expiresAt: 9, ending: { because: null } },
  renewing: { status: 'renewing', person, expiresAt: 9 },
  'renewing, ending': { status: 'renewing', person, expiresAt: 9, ending: { because: error } },
  extending: {
    status: 'extending',
    person,
    expiresAt: 9,
    ending: { because: null },
    startedAt: 1,
    prompt: null,
  },
  expired: { status: 'expired', person, because: error },
} as const satisfies Record<Session['status'], Session> & Record<string, Session>;
const events: Record<SessionEvent['type'], SessionEvent> = {
  'sign-in-started': { type: 'sign-in-started', at: 1 },
  'sign-in-prompted': {
    type: 'sign-in-prompted',
    prompt: { by: 'browser', url: 'https://x/' },
  },
  'sign-in-failed': { type: 'sign-in-failed', error },
  'sign-in-cancelled': { type: 'sign-in-cancelled' },
  'signed-in': { type: 'signed-in', person, expiresAt: 10 },
  'renewal-started': { type: 'renewal-started' },
  'renewal-failed': { type: 'renewal-failed' },
  'ends-soon': { type: 'ends-soon', because: null },
  expired: { type: 'expired', error },
  'found-expired': { type: 'found-expired', person, error },
  'signed-out': { type: 'signed-out' },
};

/** Status after the event; what is not listed changes nothing. */
const table: Record<keyof typeof states, Partial<Record<SessionEvent['type'], string>>> = {
  'signed-out': {
    'sign-in-started': 'signing-in',
    'found-expired': 'expired',
    'signed-out': 'signed-out',
  },
  'signing-in': {
    'sign-in-prompted': 'signing-in',
    'sign-in-failed': 'signed-out',
    'sign-in-cancelled': 'signed-out',
    'signed-in': 'signed-in',
    expired: 'signing-in',
    'signed-out': 'signed-out',
  },
  'signed-in': {
    'renewal-started': 'renewing',
    'ends-soon': 'signed-in',
    expired: 'expired',
    'signed-out': 'signed-out',
  },
  'signed-in, ending': {
    'sign-in-started': 'extending',
    'renewal-started': 'renewing',
    'ends-soon': 'signed-in',
    expired: 'expired',
    'signed-out': 'signed-out',
  },
  renewing: {
    'signed-in': 'signed-in',
    'renewal-failed': 'signed-in',
    'ends-soon': 'renewing',
    expired: 'expired',
    'signed-out': 'signed-out',
  },
  'renewing, ending': {
    'sign-in-started': 'extending',
    'signed-in': 'signed-in',
    'renewal-failed': 'signed-in',
    'ends-soon': 'renewing',
    expired: 'expired',
    'signed-out': 'signed-out',
  },
  extending: {
    'sign-in-prompted': 'extending',
    'sign-in-failed': 'signed-in',
    'sign-in-cancelled': 'signed-in',
    'signed-in': 'signed-in',
    expired: 'signing-in',
    'signed-out': 'signed-out',
  },
  expired: { 'sign-in-started': 'signing-in', 'signed-out': 'signed-out' },
};

describe('a session', () => {
  for (const [status, state] of Object.entries(states) as [keyof typeof states, Session][]) {
    for (const [type, event] of Object.entries(events)) {
      const expected = table[status][event.type];
      it(`${status} + ${type} ${expected ? `becomes ${expected}` : 'stays the same object'}`, () => {
        const next = nextSession(state, event);
        if (expected) expect(next.status).toBe(expected);
        else expect(next).toBe(state);
      });
    }
  }

  it('that fails to sign in again keeps who was signed in before', () => {
    const again = nextSession(states.expired, events['sign-in-started']);
    expect(nextSession(again, events['sign-in-cancelled'])).toEqual(states.expired);
  });

  it('whose certificate ends while the person signs in is expired when that comes to nothing', () => {
    const signingIn = nextSession(states.extending, events.expired);
    expect(nextSession(signingIn, events['sign-in-cancelled'])).toEqual(states.expired);
    const again = nextSession(states['signing-in'], events.expired);
    expect(nextSession(again, events['sign-in-cancelled'])).toMatchObject({ because: error });
  });

  it('keeps its certificate and the warning when it is not extended, and says why', () => {
    const failed = nextSession(states.extending, events['sign-in-failed']);
    expect(failed).toEqual({ ...states['signed-in'], ending: { because: error } });
    const cancelled = nextSession(states.extending, events['sign-in-cancelled']);
    expect(cancelled).toEqual(states['signed-in, ending']);
    expect(nextSession(states.extending, events['signed-in'])).not.toHaveProperty('ending');
  });
});
