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
  'open without a way': { status: 'open', address, openedAt: 1, trouble: error },
  'open and waiting': { status: 'open', address, openedAt: 1, waiting: 'for-sign-in' },
  closing: { status: 'closing' },
  failed: { status: 'failed', error },
};
const events: Record<TunnelEvent['type'], TunnelEvent> = {
  'open-requested': { type: 'open-requested', at: 1 },
  opened: { type: 'opened', address, at: 2 },
  'connection-refused': { type: 'connection-refused', refusal: { at: 3, error } },
  'way-lost': { type: 'way-lost', error },
  'way-restored': { type: 'way-restored' },
  'wait-started': { type: 'wait-started' },
  'wait-ended': { type: 'wait-ended' },
  traffic: { type: 'traffic', traffic: { connections: 1, bytesSent: 2, bytesReceived: 3 } },
  failed: { type: 'failed', error },
  'close-requested': { type: 'close-requested' },
  closed: { type: 'closed' },
};

const openAnyway = {
  'connection-refused': 'open',
  traffic: 'open',
  failed: 'failed',
  'close-requested': 'closing',
};
/** Status after the event; what is not listed changes nothing. */
const table: Record<string, Partial<Record<TunnelEvent['type'], string>>> = {
  closed: { 'open-requested': 'opening' },
  opening: { opened: 'open', failed: 'failed', 'close-requested': 'closing' },
  open: { ...openAnyway, 'way-lost': 'open', 'wait-started': 'open' },
  'open without a way': { ...openAnyway, 'way-restored': 'open', 'wait-started': 'open' },
  'open and waiting': { ...openAnyway, 'way-lost': 'open', 'wait-ended': 'open' },
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

  it('knows why its way is lost until it is back, and keeps what it was', () => {
    const lost = nextTunnel(states['open']!, events['way-lost']);
    expect(lost).toEqual({ status: 'open', address, openedAt: 1, trouble: error });
    expect(nextTunnel(lost, { type: 'way-lost', error: { ...error } })).toBe(lost);
    expect(nextTunnel(lost, events['way-restored'])).toEqual(states['open']);
  });

  it('is told another reason when the way is lost for another one', () => {
    const other = new AppError('tunnel/unreachable', 'No network.').toWire();
    const lost = nextTunnel(states['open without a way']!, { type: 'way-lost', error: other });
    expect(lost).toMatchObject({ trouble: other });
  });

  it('waits and goes on', () => {
    const waiting = nextTunnel(states['open']!, events['wait-started']);
    expect(waiting).toEqual(states['open and waiting']);
    expect(nextTunnel(waiting, events['wait-ended'])).toEqual(states['open']);
  });

  it('changes with its totals only when they do', () => {
    const moved = nextTunnel(states['open']!, events.traffic);
    expect(moved).toMatchObject({ traffic: { connections: 1, bytesSent: 2, bytesReceived: 3 } });
    const same = { type: 'traffic', traffic: { connections: 1, bytesSent: 2, bytesReceived: 3 } };
    expect(nextTunnel(moved, same as TunnelEvent)).toBe(moved);
  });
});
