// The loopback host must answer nobody but the tab that it was opened for: not a page elsewhere, not a name that was
// pointed at this port, not another program that guesses.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSessions } from '../../src/main/web/sessions.ts';
import { startWebHost, type WebHost } from '../../src/main/web/index.ts';
import { type RecordingLog, recordingLog } from '../fakes/recording-log.ts';
import type { Handlers, SignalListener } from '../../src/shared/ipc/contract.ts';

let folder: string;
let host: WebHost;
let origin: string;
let link: string;
let port: number;
let called: string[];
let log: RecordingLog;
let signal: SignalListener | undefined;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'banyan-web-host-'));
  const rendererFolder = path.join(folder, 'renderer');
  await mkdir(rendererFolder);
  await writeFile(path.join(rendererFolder, 'index.html'), '<title>Banyan</title>');
  await writeFile(path.join(rendererFolder, 'page.js'), '1');
  await writeFile(path.join(folder, 'secret.js'), 'not for windows');
  called = [];
  log = recordingLog();
  host = await startWebHost({
    client: {
      handlers: {
        'app.quit': () => Promise.resolve(void called.push('app.quit')),
      } as unknown as Handlers,
      subscribe(listener) {
        signal = listener;
        return () => (signal = undefined);
      },
    },
    rendererFolder,
    home: path.join(folder, 'home'),
    log,
  });
  link = host.newLink();
  ({ origin } = new URL(link));
  port = Number(new URL(link).port);
});
afterEach(async () => {
  await host.stop();
  await rm(folder, { recursive: true });
});

interface Asked {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Not fetch: it would not let a test lie about Host and Origin. */
function ask({ method = 'GET', path: asked = '/', headers = {}, body }: Asked) {
  return new Promise<{ status: number; body: string; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: asked, method, headers, agent: false };
      const sent = request(options as object, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }),
        );
      });
      sent.on('error', reject).end(body);
    },
  );
}

const JSON_TYPE = { 'content-type': 'application/json' };
const keyOf = (url: string): string => url.split('#key=')[1] ?? '';
const exchange = (key: string, headers = {}) =>
  ask({
    method: 'POST',
    path: '/api/session',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ key }),
  });
async function bearer(): Promise<string> {
  const { body } = await exchange(keyOf(link));
  return (JSON.parse(body) as { bearer: string }).bearer;
}
const quit = (headers: Record<string, string>) =>
  ask({
    method: 'POST',
    path: '/api/call',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ name: 'app.quit', input: {} }),
  });

describe('the loopback host', () => {
  it('shows its page and takes calls from the tab it was opened for', async () => {
    expect((await ask({})).status).toBe(200);
    const answer = await quit({
      authorization: `Bearer ${await bearer()}`,
      origin,
      'sec-fetch-site': 'same-origin',
    });
    expect(answer.status).toBe(200);
    expect(called).toEqual(['app.quit']);
  });

  it.each([
    ['a name that was pointed at this port', { host: 'evil.example' }],
    ['localhost, which another program may answer', { host: 'localhost' }],
    ['a page elsewhere', { origin: 'https://evil.example' }],
    ['a page on another port of this computer', { origin: 'http://127.0.0.1:1' }],
    ['a page without an origin', { origin: 'null' }],
    ['a request that another site caused', { 'sec-fetch-site': 'cross-site' }],
    ['a request that a sibling site caused', { 'sec-fetch-site': 'same-site' }],
  ])('refuses %s, key or no key', async (_who, headers) => {
    const good = { authorization: `Bearer ${await bearer()}` };
    expect((await ask({ headers })).status).toBe(403);
    expect((await quit({ ...good, ...headers })).status).toBe(403);
    const key = keyOf(await launchUrl());
    expect((await exchange(key, headers)).status).toBe(403);
    // And the refused attempt has not used the key up.
    expect((await exchange(key)).status).toBe(200);
    expect(called).toEqual([]);
  });

  it('refuses calls and signals without a bearer, or with a wrong one', async () => {
    for (const headers of [{}, { authorization: `Bearer ${'x'.repeat(43)}` }, { cookie: 'a=b' }]) {
      expect((await quit(headers as Record<string, string>)).status).toBe(401);
      const signals = await ask({ path: '/api/signals', headers: { ...headers } });
      expect(signals.status).toBe(401);
    }
    expect(called).toEqual([]);
  });

  it('takes a key once', async () => {
    const key = keyOf(link);
    expect((await exchange(key)).status).toBe(200);
    expect((await exchange(key)).status).toBe(401);
    expect((await exchange('')).status).toBe(401);
  });

  it('takes a key only in time', () => {
    let now = 0;
    const sessions = createSessions(() => now);
    const [late, inTime] = [sessions.newKey(30_000), sessions.newKey(30_001)];
    now = 30_000.5;
    expect(sessions.exchange(late)).toBeNull();
    expect(sessions.exchange(inTime)).toMatch(/^[\w-]{43}$/);
  });

  it.each([
    '/../secret.js',
    '/%2e%2e/secret.js',
    '/..%2fsecret.js',
    '/..%5csecret.js',
    '/page.js%00.html',
    '/%',
    '//etc/passwd',
  ])('serves no file outside of the window: %s', async (asked) => {
    const answer = await ask({ path: asked });
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain('not for windows');
  });

  it('refuses a body that is too large, and goes on', async () => {
    const authorization = `Bearer ${await bearer()}`;
    const large = await ask({
      method: 'POST',
      path: '/api/call',
      headers: { ...JSON_TYPE, authorization, 'content-length': String(65 * 1024) },
      body: 'x'.repeat(65 * 1024),
    });
    expect(large.status).toBe(413);
    expect((await quit({ authorization })).status).toBe(200);
  });

  it('refuses what a form of another site could send, and what is no JSON', async () => {
    const plain = { 'content-type': 'text/plain' };
    expect((await exchange(keyOf(link), plain)).status).toBe(415);
    const headers = JSON_TYPE;
    const odd = await ask({ method: 'POST', path: '/api/session', headers, body: '[' });
    expect(odd.status).toBe(400);
  });

  it('tells the browser to run nothing from elsewhere and to keep nothing', async () => {
    const { headers } = await ask({});
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect((await exchange('')).headers['cache-control']).toBe('no-store');
    expect(headers['set-cookie']).toBeUndefined();
  });

  it('is out of reach of a page that has opened it', async () => {
    const { headers } = await ask({});
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
  });

  it('lets nobody who is refused fill the log, or keep a connection', async () => {
    for (let times = 0; times < 20; times += 1) await ask({ headers: { host: 'evil.example' } });
    await ask({ headers: { origin: 'https://evil.example' } });
    expect(log.lines.map(({ fields }) => fields?.['why'])).toEqual([
      expect.stringContaining('another Host'),
      expect.stringContaining('another Origin'),
    ]);
    const answer = await raw('GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
  });

  it.each(['//[', 'http://[/', '*'])(
    'takes %s for no file, and for no fault of its own',
    async (at) => {
      const answer = await raw(
        `GET ${at} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1.1 404 /);
      expect(log.lines).toEqual([]);
    },
  );

  it('streams signals to the tab and forgets it when it goes', async () => {
    const authorization = `Bearer ${await bearer()}`;
    const answer = await fetch(`${origin}/api/signals`, { headers: { authorization } });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read();
    signal?.('session.changed', { revision: 1, value: { status: 'signed-out' } });
    expect(JSON.parse((await reader.read()).value ?? '')).toMatchObject({
      name: 'session.changed',
      payload: { revision: 1 },
    });
    await reader.cancel();
    await expect.poll(() => signal).toBeUndefined();
  });

  it('listens on loopback only', async () => {
    const reached = await new Promise((resolve) => {
      // 127.0.0.2 is this computer too, but not the address that is bound.
      const socket = connect({ host: '127.0.0.2', port }, () => resolve(true));
      socket.on('error', () => resolve(false));
    });
    expect(reached).toBe(false);
  });

  it('hands the key to the browser in a file that nobody else can read, and takes it away', async () => {
    const url = await launchUrl();
    expect(url).not.toBe(link);
    expect((await stat(path.join(folder, 'home'))).mode & 0o777).toBe(0o700);
    expect((await stat(path.join(folder, 'home', 'open-banyan.html'))).mode & 0o777).toBe(0o600);
    await host.stop();
    expect(await readdir(path.join(folder, 'home'))).toEqual([]);
  });
});

/** All that comes until the host ends the connection, within less than it keeps one open for the next request. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(text));
    socket.setTimeout(3_000, () => socket.destroy(new Error('the connection was kept open')));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', reject).on('end', () => resolve(answer));
  });
}

async function launchUrl(): Promise<string> {
  const page = await readFile(await host.launchFile(), 'utf8');
  return /url=([^"]+)/.exec(page)?.[1] ?? '';
}
