// The last minute of a service, from the totals that the client tells.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMirror } from '../../../src/renderer/stores/mirror.ts';
import { alwaysConnected } from '../../../src/renderer/link.ts';
import { createThroughput, ratesOf, SAMPLES } from '../../../src/renderer/stores/throughput.ts';
import { bridgeTransport, createClientApi } from '../../../src/shared/ipc/bridge.ts';
import { fakeBridge } from '../../fakes/fake-bridge.ts';
import { aSnapshot } from '../../fixtures/snapshots.ts';

const none = Array.from({ length: SAMPLES }, () => 0);

describe('the rates of a minute', () => {
  it('are nothing where nothing is known', () => {
    expect(ratesOf([], 1_000_000)).toEqual(none);
  });

  it('begin with what is known: what was carried before it counts for no second', () => {
    expect(ratesOf([{ at: 999_500, bytes: 5_000 }], 1_000_000)).toEqual(none);
  });

  it('are what was carried in each second, and together what was carried at all', () => {
    const totals = [
      { at: 997_500, bytes: 100 },
      { at: 998_500, bytes: 300 },
      { at: 999_000, bytes: 800 },
    ];
    const rates = ratesOf(totals, 1_000_000);
    expect(rates).toHaveLength(SAMPLES);
    expect(rates.slice(-4)).toEqual([0, 100, 600, 0]);
  });
});

describe('the totals of a service', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  async function watched() {
    const fake = fakeBridge();
    fake.answer('app.snapshot', () => aSnapshot({}));
    const mirror = createMirror(createClientApi(bridgeTransport(fake.bridge)), alwaysConnected);
    const throughput = createThroughput(mirror);
    throughput.start();
    mirror.start();
    await vi.waitFor(() => expect(mirror.store.getState().snapshot).not.toBeNull());
    let revision = 1;
    return {
      rates: () => ratesOf(throughput.totalsOf('pg'), performance.now()),
      totals: () => throughput.totalsOf('pg').length,
      after: (ms: number, bytesSent: number | null) => {
        vi.advanceTimersByTime(ms);
        revision += 1;
        const address = { host: '127.0.0.1', port: 5433 };
        const traffic = { connections: 1, bytesSent: bytesSent ?? 0, bytesReceived: 0 };
        const states =
          bytesSent === null
            ? {}
            : { pg: { status: 'open', address, openedAt: 0, traffic } as const };
        fake.emit('tunnels.changed', { revision, value: { states, ports: {} } });
      },
    };
  }

  it('give what came after a rest to the last second of that rest', async () => {
    const { after, rates } = await watched();
    after(0, 0);
    after(30_000, 600);
    expect(rates().slice(-2)).toEqual([0, 600]);
  });

  it('begin anew with a tunnel that was opened again', async () => {
    const { after, rates } = await watched();
    after(0, 0);
    after(1_000, 900);
    after(1_000, null);
    after(1_000, 0);
    expect(rates()).toEqual(none);
    after(1_000, 50);
    expect(rates().at(-1)).toBe(50);
  });

  it('are no more than those of the last minute, however long it carries', async () => {
    const { after, rates, totals } = await watched();
    for (let second = 0; second < 500; second += 1) after(1_000, second * 10);
    expect(totals()).toBeLessThanOrEqual(SAMPLES + 3);
    expect(rates()).toEqual(none.map(() => 10));
  });
});
