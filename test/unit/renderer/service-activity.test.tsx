// @vitest-environment happy-dom
import { afterEach, describe, expect, it, vi } from 'vitest';
import { pointsOf } from '../../../src/renderer/features/services/ThroughputLine.tsx';
import type { RecentConnection } from '../../../src/shared/model/activity.ts';
import type { Tunnel } from '../../../src/shared/model/tunnel.ts';
import { aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

const ledger = aService();
const other = aService({ name: 'other', friendlyName: 'Other' });
const open = (bytesReceived = 0): Tunnel => ({
  status: 'open',
  address: { host: '127.0.0.1', port: 5433 },
  openedAt: 0,
  traffic: { connections: 1, bytesSent: 0, bytesReceived },
});
const tunnels = (tunnel: Tunnel) => ({ states: { [ledger.id]: tunnel }, ports: {} });
const used = (id: number, change: Partial<RecentConnection> = {}): RecentConnection => ({
  id,
  service: ledger.id,
  target: `db-${id}:5432`,
  startedAt: 0,
  bytesSent: 1_200,
  bytesReceived: 88_000,
  durationMs: 1_300,
  outcome: 'finished',
  ...change,
});
const many = [
  ...Array.from({ length: 7 }, (_, index) => used(20 - index)),
  used(10, { service: other.id, target: 'elsewhere:22' }),
  used(1, { outcome: 'running', durationMs: null }),
];

let app: RenderedApp;
afterEach(async () => {
  vi.restoreAllMocks();
  await app.unmount();
});
const show = (connections: RecentConnection[], tunnel: Tunnel = open()) =>
  renderApp(
    aSnapshot({
      catalog: { status: 'current', services: [ledger, other] },
      tunnels: tunnels(tunnel),
    }),
    (fake) => fake.answer('activity.connections', () => ({ revision: 1, connections })),
  );
const listed = () => [...document.querySelectorAll('.used-one')].map((each) => each.textContent);
const asked = () => app.fake.calls.filter(({ name }) => name === 'activity.connections').length;

/** What timers do meanwhile is nobody's act. */
async function meanwhile<Value>(wait: () => Promise<Value>): Promise<Value> {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false });
  return wait().finally(() => Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true }));
}
const rest = () => meanwhile(() => new Promise((done) => setTimeout(done, 1_300)));

describe('the activity of a service', () => {
  it('is a few of its own connections, those that run first, and leads to all of them', async () => {
    app = await show(many);
    expect(asked()).toBe(0);
    await app.click('Details of Ledger database');
    expect(listed()).toHaveLength(5);
    expect(listed()[0]).toContain('db-1:5432');
    expect(listed()[0]).toContain('Running');
    expect(listed()[1]).toContain('88 kB');
    expect(listed()[1]).toContain('1.3 s');
    await app.click('Show all 8 connections in Activity');
    expect(document.querySelector('h1')?.textContent).toBe('Activity');
    const choice = document.querySelector<HTMLSelectElement>('select[aria-label=Service]');
    expect(choice?.value).toBe(ledger.id);
  });

  it('says why one was not allowed', async () => {
    const because = { code: 'tunnel/denied', message: 'Only for operations.' } as const;
    app = await show([used(1, { outcome: 'denied', durationMs: 0, because })]);
    await app.click('Details of Ledger database');
    expect(listed()[0]).toContain('Not allowed: Only for operations.');
  });

  it('is nothing where nobody has used it, and says so where it is connected', async () => {
    app = await show([], { status: 'closed' });
    await app.click('Details of Ledger database');
    expect(document.getElementById('service-activity')).toBeNull();
    await app.act(() => app.fake.emit('tunnels.changed', { revision: 2, value: tunnels(open()) }));
    expect(app.text()).toContain('No program has used it yet.');
  });

  it('is asked for only while its details are open and the window is seen', async () => {
    app = await show(many);
    await app.click('Details of Ledger database');
    const visible = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    await app.act(() => void document.dispatchEvent(new Event('visibilitychange')));
    const hidden = asked();
    await rest();
    expect(asked()).toBe(hidden);
    visible.mockReturnValue('visible');
    await app.act(() => void document.dispatchEvent(new Event('visibilitychange')));
    expect(asked()).toBeGreaterThan(hidden);
    await app.click('Close');
    const closed = asked();
    await rest();
    expect(asked()).toBe(closed);
  });

  it('has a line with words for those who do not see it, once a second', async () => {
    app = await show([]);
    await app.click('Details of Ledger database');
    const words = () => document.querySelector('.throughput .unseen')?.textContent;
    expect(words()).toBe('In the last minute: nothing was carried');
    await app.act(() =>
      app.fake.emit('tunnels.changed', { revision: 2, value: tunnels(open(2_000_000)) }),
    );
    const until = (part: string) =>
      meanwhile(() => vi.waitFor(() => expect(words()).toContain(part), 3_000));
    await until(' MB/s now');
    await until('0 B/s now');
    expect(words()).toMatch(/at most 1\.\d MB\/s|at most 2\.0 MB\/s/);
  });

  it('knows in its line what was carried before its details were opened', async () => {
    app = await show([]);
    await app.act(() =>
      app.fake.emit('tunnels.changed', { revision: 2, value: tunnels(open(2_000_000)) }),
    );
    await rest();
    await app.click('Details of Ledger database');
    expect(document.querySelector('.throughput .unseen')?.textContent).toMatch(/at most .* MB\/s/);
  });
});

it('the line ends with what is now, and its highest point is the most there was', () => {
  const points = pointsOf([5, 10], 10).split(' ');
  expect(points).toHaveLength(60);
  expect(points[0]).toBe('0,30.5');
  expect(points.slice(-2)).toEqual(['58,16.0', '59,1.5']);
  expect(pointsOf([], 0).split(' ').at(-1)).toBe('59,30.5');
});
