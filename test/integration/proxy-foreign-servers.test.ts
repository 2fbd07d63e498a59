// The engine against servers that nobody here wrote: any mutual TLS, any HTTP CONNECT proxy behind it.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import {
  createEngine,
  type Credentials,
  type Engine,
  type TunnelFact,
  type TunnelSpec,
} from '../../src/proxy/index.ts';
import { connectDirectly, connectThroughProxy, readExactly, readToEnd } from '../support/bytes.ts';
import { startBackend, type TestBackend } from '../support/collection.ts';
import {
  missing,
  startApache,
  startHaproxy,
  startHaproxyForConnect,
  startNghttpx,
  startStunnel,
} from '../support/foreign-servers.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';

let pki: TestPki;
let server: Credentials;
let person: Credentials;
/** Good key, good certificate, of somebody else's authority; trusts the real server. */
let stranger: Credentials;
beforeAll(async () => {
  pki = await createTestPki();
  server = await pki.issue({ commonName: 'svc.test' });
  person = await pki.issue({ commonName: 'person' });
  stranger = {
    ...(await (await createTestPki('Other Root')).issue({ commonName: 'stranger' })),
    ca: pki.root,
  };
});

const need = (context: TestContext, ...programs: string[]) => {
  const reason = missing(...programs);
  if (reason) context.skip(reason);
};

async function backend(behave: (socket: Socket) => void): Promise<TestBackend> {
  const started = await startBackend(behave);
  onTestFinished(() => started.stop());
  return started;
}
const echo = (socket: Socket) => void socket.pipe(socket);

async function engine(credentials = person): Promise<{ engine: Engine; facts: TunnelFact[] }> {
  const facts: TunnelFact[] = [];
  const created = createEngine((fact) => facts.push(fact));
  onTestFinished(() => created.stop());
  await created.setCredentials(credentials);
  return { engine: created, facts };
}

const spec = (mode: TunnelSpec['mode'], port: number): TunnelSpec => ({
  id: 'svc',
  mode,
  listen: { host: '127.0.0.1', port: 0 },
  accessTier: { host: '127.0.0.1', port },
  serverName: 'svc.test',
  ca: 'organisation',
  includeDomains: [],
  upstreamProxy: null,
  localUsers: 'own',
});

const MIB = 1024 * 1024;

async function expectEcho(socket: Socket, size: number): Promise<void> {
  const sent = randomBytes(size);
  const received = readExactly(socket, size);
  socket.write(sent);
  expect((await received).equals(sent)).toBe(true);
  socket.destroy();
}

async function expectRefusedCertificate(mode: TunnelSpec['mode'], port: number): Promise<void> {
  const opening = (await engine(stranger)).engine.open(spec(mode, port));
  await expect(opening).rejects.toMatchObject({ code: 'tunnel/certificate-refused' });
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('Apache as a CONNECT proxy over %s', (protocol) => {
  it('carries 8 MiB there and back', async (context) => {
    need(context, 'apache2');
    const far = await backend(echo);
    const port = await startApache(server, { targetPort: far.port, protocol });
    const { port: local } = await (await engine()).engine.open(spec('CHAIN', port));
    const { status, socket } = await connectThroughProxy(local, `127.0.0.1:${far.port}`);
    expect(status).toBe(200);
    await expectEcho(socket, 8 * MIB);
  });

  it('turns down a certificate of another authority, and that is what is told', async (context) => {
    need(context, 'apache2');
    await expectRefusedCertificate('CHAIN', await startApache(server, { targetPort: 1, protocol }));
  });

  it('refuses a port that is not allowed, and that is what is told', async (context) => {
    need(context, 'apache2');
    const far = await backend(echo);
    const port = await startApache(server, { targetPort: 1, protocol });
    const { engine: running, facts } = await engine();
    const { port: local } = await running.open(spec('CHAIN', port));
    const target = `127.0.0.1:${far.port}`;
    expect((await connectThroughProxy(local, target)).status).toBe(403);
    await expect
      .poll(() => facts)
      .toContainEqual(
        expect.objectContaining({
          type: 'connection-refused',
          target,
          error: expect.objectContaining({ code: 'tunnel/target-refused' }),
        }),
      );
    expect(far.sockets).toHaveLength(0);
  });
});

describe.each([
  ['nghttpx', startNghttpx],
  ['haproxy', startHaproxyForConnect],
] as const)('%s as a CONNECT proxy for HTTP/2', (program, start) => {
  it('carries 8 MiB there and back, on several connections at once', async (context) => {
    need(context, program, 'tinyproxy');
    const far = await backend(echo);
    const { port: local } = await (await engine()).engine.open(spec('CHAIN', await start(server)));
    await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const { status, socket } = await connectThroughProxy(local, `127.0.0.1:${far.port}`);
        expect(status).toBe(200);
        await expectEcho(socket, index === 0 ? 8 * MIB : MIB);
      }),
    );
  });

  it('answers for a target that is not there, and that is what is told', async (context) => {
    need(context, program, 'tinyproxy');
    const { engine: running, facts } = await engine();
    const { port: local } = await running.open(spec('CHAIN', await start(server)));
    const gone = await startBackend(echo);
    await gone.stop();
    const target = `127.0.0.1:${gone.port}`;
    expect((await connectThroughProxy(local, target)).status).toBeGreaterThanOrEqual(400);
    await expect
      .poll(() => facts)
      .toContainEqual(expect.objectContaining({ type: 'connection-refused', target }));
  });

  it('turns down a certificate of another authority, and that is what is told', async (context) => {
    need(context, program, 'tinyproxy');
    await expectRefusedCertificate('CHAIN', await start(server));
  });
});

describe.each([
  ['stunnel', 'stunnel4', startStunnel],
  ['haproxy', 'haproxy', startHaproxy],
] as const)('%s as the far end in TCP mode', (_, program, start) => {
  it('carries 8 MiB there and back, and a half-closed connection to its end', async (context) => {
    need(context, program);
    const far = await backend(echo);
    const { port: local } = await (
      await engine()
    ).engine.open(spec('TCP', await start(server, far.port)));
    const socket = await connectDirectly(local);
    const sent = randomBytes(8 * MIB);
    socket.end(sent);
    expect((await readToEnd(socket)).equals(sent)).toBe(true);
  });

  it('delivers what the backend says long after the client has ended its side', async (context) => {
    need(context, program);
    const far = await backend((socket) => {
      socket.resume().on('end', () => setTimeout(() => socket.end('late'), 300));
    });
    const { port: local } = await (
      await engine()
    ).engine.open(spec('TCP', await start(server, far.port)));
    const socket = await connectDirectly(local);
    socket.end('question');
    expect(String(await readToEnd(socket))).toBe('late');
  });

  it('turns down a certificate of another authority, and that is what is told', async (context) => {
    need(context, program);
    const far = await backend(echo);
    await expectRefusedCertificate('TCP', await start(server, far.port));
    expect(far.sockets).toHaveLength(0);
  });

  it('serves every one of many connections, resumed or not', async (context) => {
    need(context, program);
    const far = await backend(echo);
    const { port: local } = await (
      await engine()
    ).engine.open(spec('TCP', await start(server, far.port)));
    for (let i = 0; i < 20; i++) await expectEcho(await connectDirectly(local), 1_000);
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a server that turns every resumed handshake down, over %s',
  (protocol) => {
    it('serves every connection of the engine all the same', async () => {
      const port = await startResumptionRefuser(protocol);
      // It is what it says: OpenSSL verifies clients, has no session id context, and so fails resumed handshakes.
      const first = dial(port);
      const session = once(first, 'session') as Promise<[Buffer]>;
      await once(first, 'secureConnect');
      const second = dial(port, (await session)[0]);
      await expect(once(second, 'secureConnect')).rejects.toMatchObject({
        code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
      });
      const { engine: running, facts } = await engine();
      const { port: local } = await running.open(spec('TCP', port));
      for (let i = 0; i < 10; i++) await expectEcho(await connectDirectly(local), 1_000);
      expect(facts.filter(({ type }) => type === 'connection-refused')).toEqual([]);
    });
  },
);

async function startResumptionRefuser(protocol: 'TLSv1.2' | 'TLSv1.3'): Promise<number> {
  const secureContext = createSecureContext({
    key: server.key,
    cert: server.certificate,
    ca: server.ca,
    maxVersion: protocol,
  });
  const listener = createServer({ allowHalfOpen: true }, (raw) => {
    const socket = new TLSSocket(raw, {
      isServer: true,
      requestCert: true,
      rejectUnauthorized: true,
      secureContext,
    });
    raw.on('error', () => {});
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void listener.close());
  return (listener.address() as AddressInfo).port;
}

function dial(port: number, session?: Buffer): TLSSocket {
  const socket = connectTls({
    host: '127.0.0.1',
    port,
    servername: 'svc.test',
    ca: person.ca,
    key: person.key,
    cert: person.certificate,
    ...(session && { session }),
  });
  onTestFinished(() => void socket.destroy());
  return socket.resume();
}
