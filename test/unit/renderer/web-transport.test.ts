import { describe, expect, it, vi } from 'vitest';
import type { LinkState } from '../../../src/renderer/link.ts';
import {
  createWebTransport,
  type WebEnvironment,
  type WebRequest,
} from '../../../src/renderer/web-transport.ts';

const json = (value: unknown, status = 200): Response =>
  new Response(JSON.stringify(value), { status });

interface Asked {
  path: string;
  init: WebRequest;
}

/** A tab whose server is a function; waits are recorded and over when the test says so. */
function aTab(options: {
  key?: string;
  stored?: string;
  server: (asked: Asked) => Response | Promise<Response>;
}) {
  const asked: Asked[] = [];
  const waits: { ms: number; over: () => void }[] = [];
  const stored = new Map(options.stored ? [['banyan-bearer', options.stored]] : []);
  const environment: WebEnvironment = {
    async fetch(path, init) {
      asked.push({ path, init });
      return options.server({ path, init });
    },
    storage: {
      getItem: (name) => stored.get(name) ?? null,
      setItem: (name, value) => void stored.set(name, value),
      removeItem: (name) => void stored.delete(name),
    },
    takeKey: () => options.key ?? null,
    wait: (ms) => new Promise((resolve) => waits.push({ ms, over: resolve })),
  };
  const transport = createWebTransport(environment);
  const states: LinkState[] = [];
  transport.link.watch((state) => states.push(state));
  return { transport, asked, waits, stored, states };
}

/** A signal stream that the test writes to. */
function aStream() {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  return {
    response: () => new Response(body),
    write: (text: string) => controller.enqueue(new TextEncoder().encode(text)),
    end: () => controller.close(),
  };
}

describe('the transport of a browser tab', () => {
  it('exchanges the key once and calls with the bearer', async () => {
    const tab = aTab({
      key: 'once',
      server: ({ path }) =>
        path === '/api/session' ? json({ bearer: 'b1' }) : json({ ok: true, value: 'yes' }),
    });
    const replies = await Promise.all([
      tab.transport.invoke('app.snapshot', {}),
      tab.transport.invoke('catalog.refresh', {}),
    ]);
    expect(replies).toEqual([
      { ok: true, value: 'yes' },
      { ok: true, value: 'yes' },
    ]);
    expect(tab.asked.map(({ path }) => path)).toEqual(['/api/session', '/api/call', '/api/call']);
    expect(tab.asked[0]?.init.body).toBe('{"key":"once"}');
    expect(tab.asked[1]?.init.headers).toMatchObject({ authorization: 'Bearer b1' });
    expect(tab.stored.get('banyan-bearer')).toBe('b1');
  });

  it('asks nothing and says so when it holds neither key nor bearer', async () => {
    const tab = aTab({ server: () => json({}) });
    expect(await tab.transport.invoke('app.snapshot', {})).toMatchObject({
      ok: false,
      error: { code: 'client/not-running' },
    });
    expect(tab.states).toEqual(['gone']);
    expect(tab.asked).toHaveLength(0);
  });

  it('treats a 401 as final: forgets the bearer and does not ask again', async () => {
    const tab = aTab({ stored: 'old', server: () => json({}, 401) });
    await tab.transport.invoke('app.snapshot', {});
    await tab.transport.invoke('app.snapshot', {});
    expect(tab.states).toEqual(['gone']);
    expect(tab.stored.size).toBe(0);
    expect(tab.asked).toHaveLength(1);
  });

  it('knows a used link from a permission that has ended', async () => {
    const used = aTab({ key: 'old', server: () => json({}, 401) });
    await used.transport.invoke('app.snapshot', {});
    expect(used.states).toEqual(['used']);
    const reopened = aTab({ key: 'old', stored: 'mine', server: () => json({}, 401) });
    await reopened.transport.invoke('app.snapshot', {});
    expect(reopened.states).toEqual(['gone']);
  });

  it('tries the exchange again when the server could not be reached the first time', async () => {
    let up = false;
    const tab = aTab({
      key: 'once',
      server: ({ path }) => {
        if (!up) throw new TypeError('Failed to fetch');
        return path === '/api/session' ? json({ bearer: 'b' }) : json({ ok: true, value: 1 });
      },
    });
    expect(await tab.transport.invoke('app.snapshot', {})).toMatchObject({ ok: false });
    up = true;
    expect(await tab.transport.invoke('app.snapshot', {})).toEqual({ ok: true, value: 1 });
  });

  it('delivers signals whole, also when a chunk ends inside a line', async () => {
    const stream = aStream();
    const tab = aTab({ stored: 'b', server: () => stream.response() });
    const heard: unknown[] = [];
    tab.transport.subscribe((name, payload) => heard.push([name, payload.revision]));
    stream.write('{"name":"session.changed","payl');
    stream.write('oad":{"revision":4,"value":{}}}\n\n\n{"name":"device.changed",');
    stream.write('"payload":{"revision":2,"value":{}}}\n');
    await vi.waitFor(() =>
      expect(heard).toEqual([
        ['session.changed', 4],
        ['device.changed', 2],
      ]),
    );
  });

  it('reconnects with back-off, and reports each return so that the snapshot is fetched anew', async () => {
    const streams = [aStream(), aStream()];
    let refusals = 0;
    let opened = 0;
    const tab = aTab({
      stored: 'b',
      server: () => {
        if (opened === 1 && refusals < 3) {
          refusals += 1;
          throw new TypeError('Failed to fetch');
        }
        opened += 1;
        return streams[opened - 1]!.response();
      },
    });
    const stop = tab.transport.subscribe(() => {});
    await vi.waitFor(() => expect(tab.states).toEqual(['connected']));
    streams[0]!.end();
    for (let wait = 0; wait < 4; wait += 1) {
      await vi.waitFor(() => expect(tab.waits).toHaveLength(wait + 1));
      tab.waits[wait]!.over();
    }
    await vi.waitFor(() => expect(tab.states).toEqual(['connected', 'interrupted', 'connected']));
    expect(tab.waits.map(({ ms }) => ms)).toEqual([250, 500, 1000, 2000]);
    stop();
  });
});
