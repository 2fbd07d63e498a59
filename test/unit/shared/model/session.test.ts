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
    signInUrl: null,
  },
  'signed-in': { status: 'signed-in', person, expiresAt: 9 },
  renewing: { status: 'renewing', person, expiresAt: 9 },
  expired: { status: 'expired', person, because: error },
} as const satisfies Record<Session['status'], Session>;
const events: Record<SessionEvent['type'], SessionEvent> = {
  'sign-in-started': { type: 'sign-in-started', at: 1 },
  'sign-in-page-ready': { type: 'sign-in-page-ready', url: 'https://x/' },
  'sign-in-failed': { type: 'sign-in-failed', error },
  'sign-in-cancelled': { type: 'sign-in-cancelled' },
  'signed-in': { type: 'signed-in', person, expiresAt: 10 },
  'renewal-started': { type: 'renewal-started' },
  'renewal-failed': { type: 'renewal-failed' },
  expired: { type: 'expired', error },
  'signed-out': { type: 'signed-out' },
};

/** Status after the event; what is not listed changes nothing. */
const table: Record<string, Partial<Record<SessionEvent['type'], string>>> = {
  'signed-out': { 'sign-in-started': 'signing-in', 'signed-out': 'signed-out' },
  'signing-in': {
    'sign-in-page-ready': 'signing-in',
    'sign-in-failed': 'signed-out',
    'sign-in-cancelled': 'signed-out',
    'signed-in': 'signed-in',
    'signed-out': 'signed-out',
  },
  'signed-in': { 'renewal-started': 'renewing', expired: 'expired', 'signed-out': 'signed-out' },
  renewing: {
    'signed-in': 'signed-in',
    'renewal-failed': 'signed-in',
    expired: 'expired',
    'signed-out': 'signed-out',
  },
  expired: { 'sign-in-started': 'signing-in', 'signed-out': 'signed-out' },
};

describe('a session', () => {
  for (const [status, state] of Object.entries(states)) {
    for (const [type, event] of Object.entries(events)) {
      const expected = table[status]?.[event.type];
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
});
