// The Access Tier on real sockets: who gets in, what they reach, and what ends a connection.
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ConnectionOptions, createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openAuthority } from '../../src/edge/authority/authority.ts';
import { problemDocument } from '../../src/shared/protocol/refusals.ts';
import { publishService } from '../support/collection.ts';
import type { Identity } from '../support/https.ts';
import { createTestPki } from '../support/pki.ts';
import { openEvents } from '../support/event-stream.ts';
import { registerDevice, signIn, type SignedIn } from '../support/scripted-device.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

let edge: TestEdge;
let dana: SignedIn;

beforeAll(async () => {
  edge = await startEdge();
  dana = await signIn(edge, await registerDevice(edge));
});
afterAll(() => edge.stop());

interface Dial {
  name?: string;
  identity?: Identity | undefined;
  session?: Buffer;
}

const dial = ({ name = 'echo', identity, session }: Dial = {}): TLSSocket =>
  connect({
    host: '127.0.0.1',
    port: edge.edge.accessTierPort,
    servername: name.includes('.') ? name : `${name}.demo.localhost`,
    ca: edge.edge.root,
    ...identity,
    ...(session && { session }),
    allowHalfOpen: true,
  } as ConnectionOptions);

/** Everything that comes until the end; what is sent first is given. */
async function talk(socket: TLSSocket, say?: string): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('end', () => socket.end());
  socket.on('error', () => {});
  if (say !== undefined) socket.write(say);
  await once(socket, 'close');
  return text;
}

async function reply(socket: TLSSocket, say: string): Promise<string> {
  socket.write(say);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return chunk.toString();
}

describe('TCP mode', () => {
  test('curl with the three files of a signed-in person reaches the service', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'banyan-curl-'));
    const file = (name: string) => join(folder, name);
    await writeFile(file('login-cacert.pem'), edge.edge.root);
    await writeFile(file('login-key.pem'), dana.trust.key);
    await writeFile(file('login-cert.pem'), dana.trust.cert);
    const { stdout } = await promisify(execFile)('curl', [
      '--silent',
      '--show-error',
      '--noproxy',
      '*',
      '--cacert',
      file('login-cacert.pem'),
      '--key',
      file('login-key.pem'),
      '--cert',
      file('login-cert.pem'),
      `https://api.demo.localhost:${edge.edge.accessTierPort}/hello?x=1`,
    ]);
    await rm(folder, { recursive: true });
    expect(JSON.parse(stdout)).toMatchObject({ message: 'Hello from api', path: '/hello?x=1' });
  });

  test('the end of one direction does not cut the other', async () => {
    const socket = dial({ identity: dana.trust });
    const said = 'x'.repeat(300_000);
    socket.end(said);
    expect(await talk(socket)).toBe(said);
  });

  test('a backend that wants TLS gets it, verified unless its definition says not to, and keeps half-closed connections', async () => {
    const pki = await createTestPki();
    const { key, certificate } = await pki.issue({
      commonName: 'backend',
      ipAddresses: ['127.0.0.1'],
    });
    const backend = createServer({ key, cert: certificate, allowHalfOpen: true }, (secure) => {
      secure.on('error', () => {});
      secure.pipe(secure);
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void backend.close());
    const { port } = backend.address() as AddressInfo;
    const name = await publishService(edge, 'secure', port, { tls: true });
    expect(await talk(dial({ name, identity: dana.trust }), 'hello')).toBe('');
    await publishService(edge, 'secure', port, { tls: true, tls_insecure: true });
    const socket = dial({ name, identity: dana.trust });
    const said = 'x'.repeat(300_000);
    socket.end(said);
    expect(await talk(socket)).toBe(said);
  });

  test('a backend that asks who connects is shown a certificate where the definition says so, good for nothing else', async () => {
    const pki = await createTestPki();
    const { key, certificate } = await pki.issue({
      commonName: 'backend',
      ipAddresses: ['127.0.0.1'],
    });
    const shown: string[] = [];
    const backend = createServer(
      { key, cert: certificate, requestCert: true, rejectUnauthorized: false, ca: edge.edge.root },
      (secure) => {
        shown.push(secure.authorized ? String(secure.getPeerX509Certificate()?.subject) : 'nobody');
        secure.on('error', () => {});
        secure.end();
      },
    );
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void backend.close());
    const { port } = backend.address() as AddressInfo;
    for (const client_certificate of [false, true]) {
      const target = { tls: true, tls_insecure: true, client_certificate };
      const name = await publishService(edge, 'asking', port, target);
      await talk(dial({ name, identity: dana.trust }));
    }
    expect(shown).toEqual(['nobody', 'CN=Access Tier demo.localhost']);
    const authority = await openAuthority(join(edge.data, 'authority'), 'Demo');
    const { key: tierKey, cert } = await authority.issueTier('demo.localhost', 60);
    expect(await talk(dial({ identity: { key: tierKey, cert } }), 'hello')).toBe('');
  });

  test('a DeviceCert is refused', async () => {
    expect(await talk(dial({ identity: dana.device.identity }), 'hello')).toBe('');
  });

  test('no certificate is refused', async () => {
    expect(await talk(dial(), 'hello')).toBe('');
  });

  test('an unknown and a missing server name are dropped in the handshake', async () => {
    for (const servername of ['nothing.demo.localhost', '']) {
      const socket = connect({
        host: '127.0.0.1',
        port: edge.edge.accessTierPort,
        servername,
        rejectUnauthorized: false,
      });
      let secure = false;
      socket.on('secureConnect', () => (secure = true));
      await once(socket, 'error');
      expect(secure).toBe(false);
    }
  });

  test('what is not TLS is rejected', async () => {
    const socket = connectTcp(edge.edge.accessTierPort, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\nHost: api.demo.localhost\r\n\r\n');
    await once(socket, 'close');
    expect(text).not.toContain('HTTP');
  });

  test('a refusal is told on the event stream of that device, and on no other', async () => {
    const other = await signIn(edge, await registerDevice(edge));
    const [mine, theirs] = [await openEvents(edge, dana), await openEvents(edge, other)];
    expect(await talk(dial({ name: 'payroll', identity: dana.trust }), 'hello')).toBe('');
    expect(await mine.next('connection.denied')).toMatchObject({
      service: 'payroll.demo.bnn',
      code: 'role',
    });
    expect(theirs.seen).toEqual([]);
    mine.close();
    theirs.close();
  });
});

describe('CHAIN mode', () => {
  const connectHead = (target: string) => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`;
  const lab = () => dial({ name: 'lab', identity: dana.trust });
  const refusal = async (say: string) => {
    const answer = await talk(lab(), say);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    expect(head).toContain('application/problem+json');
    return {
      status: Number(head.split(' ')[1]),
      ...problemDocument.omit({ status: true }).parse(JSON.parse(body)),
    };
  };

  test('an allowed host is reached, and bytes right behind the CONNECT are not lost', async () => {
    const [target = ''] = edge.lab.allowed;
    const request = `GET /deep HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\n\r\n`;
    const answer = await talk(lab(), connectHead(target) + request);
    expect(answer).toMatch(/^HTTP\/1\.1 200 Connection established\r\n\r\nHTTP\/1\.1 200 OK/);
    expect(answer).toContain('Hello from alpha.lab.internal');
  });

  test('a host or a port outside the patterns gets 403 with the reason', async () => {
    for (const target of edge.lab.denied) {
      expect(await refusal(connectHead(target))).toMatchObject({
        status: 403,
        code: 'target_not_allowed',
        detail: `${target} is not part of this service.`,
      });
    }
  });

  test('who asks comes before what is asked for: without a certificate no CONNECT is answered, without a session not by its target', async () => {
    const outside = connectHead(edge.lab.denied[0]!);
    expect(await talk(dial({ name: 'lab' }), outside)).toBe('');
    const gone = await signIn(edge, await registerDevice(edge));
    await edge.edge.endSessions(gone.device.id, 'Over.');
    const answer = await talk(dial({ name: 'lab', identity: gone.trust }), outside);
    expect(answer).toContain('"code":"session_ended"');
  });

  test('loopback cannot be reached by its address', async () => {
    const port = edge.lab.allowed[0]!.split(':')[1];
    expect(await refusal(connectHead(`127.0.0.1:${port}`))).toMatchObject({ status: 403 });
    expect(await refusal(connectHead(`[::1]:${port}`))).toMatchObject({ status: 403 });
  });

  test.each(['GET / HTTP/1.1\r\n\r\n', 'CONNECT alpha HTTP/1.1\r\n\r\n', 'nonsense\r\n\r\n'])(
    'what is no CONNECT gets 400: %j',
    async (say) => {
      expect(await refusal(say)).toMatchObject({ status: 400, code: 'malformed_request' });
    },
  );

  test('a head that does not end is not read for ever', async () => {
    expect(await refusal(`CONNECT a:1 HTTP/1.1\r\nx: ${'y'.repeat(40_000)}`)).toMatchObject({
      status: 400,
    });
  });
});

describe('continuous authorisation', () => {
  test('revoking the device cuts its running connection', async () => {
    const lost = await signIn(edge, await registerDevice(edge));
    const socket = dial({ identity: lost.trust });
    expect(await reply(socket, 'before')).toBe('before');
    const closed = talk(socket);
    await edge.edge.revokeDevice(lost.device.id, 'Lost.');
    await closed;
    expect(await talk(dial({ identity: lost.trust }), 'after')).toBe('');
  });

  test('switching a service off cuts its connections, on lets them in again', async () => {
    const socket = dial({ identity: dana.trust });
    expect(await reply(socket, 'before')).toBe('before');
    const closed = talk(socket);
    await edge.edge.setServiceEnabled('echo.demo.bnn', false);
    await closed;
    expect(await talk(dial({ identity: dana.trust }), 'off')).toBe('');
    await edge.edge.setServiceEnabled('echo.demo.bnn', true);
    const again = dial({ identity: dana.trust });
    expect(await reply(again, 'on')).toBe('on');
    again.destroy();
  });

  test('a resumed session is refused once its sign-in has ended', async () => {
    const person = await signIn(edge, await registerDevice(edge));
    const first = dial({ identity: person.trust });
    const ticket = once(first, 'session') as Promise<[Buffer]>;
    expect(await reply(first, 'first')).toBe('first');
    const [session] = await ticket;
    first.destroy();

    const second = dial({ identity: person.trust, session });
    expect(await reply(second, 'second')).toBe('second');
    expect(second.isSessionReused()).toBe(true);
    second.destroy();

    await edge.edge.endSessions(person.device.id, 'Over.');
    expect(await talk(dial({ identity: person.trust, session }), 'third')).toBe('');
  });

  test('every decision is in the audit file, without any secret', async () => {
    const text = await readFile(join(edge.data, 'audit.jsonl'), 'utf8');
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { code?: string });
    expect(entries.some(({ code }) => code === 'role')).toBe(true);
    expect(entries.some(({ code }) => code === 'device_revoked')).toBe(true);
    expect(text).not.toContain(dana.trustToken);
  });
});

test('an expired TrustCert is refused, in a resumed session too', async () => {
  const short = await startEdge({ lifetimes: { trustToken: 4 } });
  try {
    const person = await signIn(short, await registerDevice(short));
    const dialShort = (session?: Buffer) =>
      connect({
        host: '127.0.0.1',
        port: short.edge.accessTierPort,
        servername: 'echo.demo.localhost',
        ca: short.edge.root,
        ...person.trust,
        ...(session && { session }),
      });
    const first = dialShort();
    const ticket = once(first, 'session') as Promise<[Buffer]>;
    expect(await reply(first, 'in time')).toBe('in time');
    const [session] = await ticket;
    first.destroy();
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    expect(await talk(dialShort(), 'late')).toBe('');
    expect(await talk(dialShort(session), 'late')).toBe('');
  } finally {
    await short.stop();
  }
});

describe('what only time brings', () => {
  const audit = ({ data }: TestEdge) => readFile(join(data, 'audit.jsonl'), 'utf8');
  const dialEcho = (at: TestEdge, person: SignedIn) =>
    connect({
      host: '127.0.0.1',
      port: at.edge.accessTierPort,
      servername: 'echo.demo.localhost',
      ca: at.edge.root,
      ...person.trust,
    });

  test('a connection outlives its certificate but not its session', async () => {
    // The session's grant ends after the two together: 7 s.
    const short = await startEdge({ lifetimes: { trustToken: 3, session: 4, judgement: 0.1 } });
    try {
      const person = await signIn(short, await registerDevice(short));
      const socket = dialEcho(short, person);
      expect(await reply(socket, 'in time')).toBe('in time');
      const { validTo } = new X509Certificate(person.trust.cert);
      await new Promise((resolve) => setTimeout(resolve, Date.parse(validTo) - Date.now() + 500));
      expect(await talk(dialEcho(short, person), 'late')).toBe('');
      expect(await reply(socket, 'expired')).toBe('expired');
      await talk(socket);
      await until(async () => /"connection-cut".*"session_ended"/.test(await audit(short)));
    } finally {
      await short.stop();
    }
  });

  test("the end of a policy's hours cuts what runs", async () => {
    const short = await startEdge({ lifetimes: { judgement: 0.1 } });
    try {
      const person = await signIn(short, await registerDevice(short));
      const end_time = new Date(Date.now() + 1_500).toISOString();
      const access = [{ roles: ['Engineers'], rules: { conditions: { end_time } } }];
      await short.edge.apply({
        policies: [{ kind: 'BanyanPolicy', metadata: { name: 'engineers' }, spec: { access } }],
      });
      const socket = dialEcho(short, person);
      expect(await reply(socket, 'in time')).toBe('in time');
      const events = await openEvents(short, person);
      onTestFinished(() => events.close());
      await talk(socket);
      await until(async () => /"connection-cut".*"time"/.test(await audit(short)));
      // Nothing has changed, so nothing else would tell the app why.
      expect(await events.next('connection.denied')).toMatchObject({
        service: 'echo.demo.bnn',
        code: 'time',
        correlation_id: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      });
    } finally {
      await short.stop();
    }
  });
});
