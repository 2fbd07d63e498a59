import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../src/shared/errors.ts';
import {
  closed,
  nextTunnel,
  type Tunnel,
  type TunnelEvent,
} from '../../../../src/shared/model/tunnel.ts';

const error = new AppError('tunnel/denied', 'No.').toWire();
const address = { host: '127.0.0.1', port: 8081 };
const states: Record<string, Tunnel> = {
  closed,
  opening: { status: 'opening', startedAt: 1 },
  open: { status: 'open', address, openedAt: 1 },
  closing: { status: 'closing' },
  failed: { status: 'failed', error },
};
const events: Record<TunnelEvent['type'], TunnelEvent> = {
  'open-requested': { type: 'open-requested', at: 1 },
  opened: { type: 'opened', address, at: 2 },
  'connection-refused': { type: 'connection-refused', refusal: { at: 3, error } },
  failed: { type: 'failed', error },
  'close-requested': { type: 'close-requested' },
  closed: { type: 'closed' },
};

/** Status after the event; what is not listed changes nothing. */
const table: Record<string, Partial<Record<TunnelEvent['type'], string>>> = {
  closed: { 'open-requested': 'opening' },
  opening: { opened: 'open', failed: 'failed', 'close-requested': 'closing' },
  open: { 'connection-refused': 'open', failed: 'failed', 'close-requested': 'closing' },
  closing: { closed: 'closed' },
  failed: { 'open-requested': 'opening', 'close-requested': 'closed' },
};

describe('a tunnel', () => {
  for (const [status, state] of Object.entries(states)) {
    for (const [type, event] of Object.entries(events)) {
      const expected = table[status]?.[event.type];
      it(`${status} + ${type} ${expected ? `becomes ${expected}` : 'stays the same object'}`, () => {
        const next = nextTunnel(state, event);
        if (expected) expect(next.status).toBe(expected);
        else expect(next).toBe(state);
      });
    }
  }
});
