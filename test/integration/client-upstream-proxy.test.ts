// The client's own requests where only a proxy leads out, over real sockets.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { TLSSocket } from 'node:tls';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/main/client/adapters/system-clock.ts';
import { upstreamProxies } from '../../src/main/client/adapters/upstream-proxy.ts';
import { createConnection } from '../../src/main/client/organisation/connection.ts';
import { addressesOf } from '../../src/main/client/adapters/system-machine.ts';
import { scriptedEngine } from '../fakes/scripted-engine.ts';
import { type CorporateProxyOptions, startCorporateProxy } from '../support/corporate-proxy.ts';
import { createTestPki } from '../support/pki.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';
import { tempDir } from '../support/temp-dir.ts';
import { until } from '../support/until.ts';

const NAME = 'organisation.example';

/** An organisation's server that wants the device's certificate and says who asked. */
async function anOrganisation(host = '127.0.0.1') {
  const pki = await createTestPki();
  const identity = await pki.issue({ commonName: NAME, dnsNames: [NAME], ipAddresses: [host] });
  const device = await pki.issue({ commonName: 'device-1' });
  const server = createServer(
    { key: identity.key, cert: identity.certificate, ca: identity.ca, requestCert: true },
    (request, answer) => {
      const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject;
      answer.end(`${String(CN)} asks ${request.url}`);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { port, root: pki.root, device };
}

async function through(options: CorporateProxyOptions, user = '') {
  const organisation = await anOrganisation();
  const proxy = await startCorporateProxy(options);
  onTestFinished(() => proxy.stop());
  const { choose } = upstreamProxies({ HTTPS_PROXY: `http://${user}127.0.0.1:${proxy.port}` });
  const connection = createConnection(
    { root: organisation.root, identity: organisation.device },
    { clock: systemClock, chooseProxy: choose },
  );
  onTestFinished(() => connection.destroy());
  return { ...organisation, proxy, connection };
}

describe("the client's requests", () => {
  it('go through the proxy by CONNECT, with the device certificate inside and one way for many', async () => {
    const { connection, proxy, port } = await through({});
    for (let each = 0; each < 10; each += 1) {
      const { body } = await connection.ask({ url: `https://${NAME}:${port}/${each}` });
      expect(body).toBe(`device-1 asks /${each}`);
    }
    expect(new Set(proxy.asked)).toEqual(new Set([`${NAME}:${port}`]));
    // The library opens a second one while the first is still finishing.
    expect(proxy.asked.length).toBeLessThan(3);
    const { body } = await connection.stream({ url: `https://${NAME}:${port}/events` });
    expect(await body.toArray()).toHaveLength(1);
    connection.freshen();
    await connection.ask({ url: `https://${NAME}:${port}/d` });
    expect(proxy.asked.length).toBeLessThan(5);
  });

  it('show user name and password to the proxy', async () => {
    const authorization = `Basic ${Buffer.from('zoe:s:e c').toString('base64')}`;
    const { connection, port } = await through({ authorization }, 'zoe:s%3Ae%20c@');
    expect(await connection.ask({ url: `https://${NAME}:${port}/` })).toMatchObject({
      status: 200,
    });
  });

  it.each([
    ['that wants a password', { authorization: 'Basic x' }, /407/],
    ['that refuses', { refuse: 403 }, /status 403/],
  ])('are told of a proxy %s, by its name', async (_what, options, why) => {
    const { connection, proxy, port } = await through(options, 'zoe:hunter2@');
    const failed = connection.ask({ url: `https://${NAME}:${port}/` });
    await expect(failed).rejects.toMatchObject({
      code: 'tunnel/upstream-proxy-failed',
      message: expect.stringMatching(why) as string,
      details: { proxy: `127.0.0.1:${proxy.port}` },
    });
    await expect(failed).rejects.not.toMatchObject({ message: expect.stringContaining('hunter2') });
  });

  it('are told of a proxy that is not there', async () => {
    const { connection, proxy, port } = await through({});
    await proxy.stop();
    await expect(connection.ask({ url: `https://${NAME}:${port}/` })).rejects.toMatchObject({
      code: 'tunnel/upstream-proxy-failed',
    });
  });

  it('never go through it to this computer', async () => {
    const { connection, proxy, port } = await through({ refuse: 500 });
    const { body } = await connection.ask({ url: `https://127.0.0.1:${port}/` });
    expect(body).toBe('device-1 asks /');
    expect(proxy.asked).toEqual([]);
  });

  it('go through a proxy that nobody here wrote', async (context) => {
    const program = '/usr/bin/tinyproxy';
    if (!existsSync(program)) context.skip('tinyproxy is not installed');
    const own = addressesOf(networkInterfaces()).find((each) => each.includes('.'));
    if (!own) context.skip('this computer has no address but loopback');
    const host = own!.split('=')[1]!;
    const { port, root, device } = await anOrganisation(host);
    const file = path.join(tempDir(), 'tinyproxy.conf');
    // Its port is written before it starts; a free one is found by asking for one.
    const proxyPort = await aFreePort();
    writeFileSync(file, `Port ${proxyPort}\nListen 127.0.0.1\nTimeout 60\nAllow 127.0.0.1\n`);
    const child = spawn(program, ['-d', '-c', file], { stdio: 'ignore' });
    onTestFinished(() => void child.kill());
    await until(() => isListening(proxyPort));
    const connection = createConnection(
      { root, identity: device },
      {
        clock: systemClock,
        chooseProxy: upstreamProxies({}, `http://127.0.0.1:${proxyPort}`).choose,
      },
    );
    onTestFinished(() => connection.destroy());
    const { body } = await connection.ask({ url: `https://${host}:${port}/` });
    expect(body).toBe('device-1 asks /');
  });
});

describe('a proxy setting that cannot be used', () => {
  it('is reported once, and its password is nowhere', async () => {
    const home = tempDir();
    writeFileSync(
      path.join(home, 'settings.json'),
      JSON.stringify({ version: 1, activeOrganisation: null, proxy: 'socks5://zoe:hunter2@p:1' }),
    );
    const notices: string[] = [];
    const notifier = { show: ({ body }: { body: string }) => void notices.push(body) };
    const client = await startClient({ home, ports: { notifier } });
    onTestFinished(() => client.stop());
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain('socks5');
    const said = JSON.stringify([client.log.lines, client.client.snapshot(), notices]);
    expect(said).toContain('proxy in the settings');
    expect(said).not.toContain('hunter2');
  });
});

describe('settings that a person wrote by hand', () => {
  it('hold for tunnels, and are kept when the app writes the file', async () => {
    const home = tempDir();
    const file = path.join(home, 'settings.json');
    const own = { proxy: 'http://proxy.example:3128', unsafeAnyLocalUser: true };
    writeFileSync(file, JSON.stringify({ version: 1, activeOrganisation: null, ...own }));
    const edge = await startEdge();
    const engine = scriptedEngine();
    const client = await startClient({ home, ports: { createEngine: engine.create } });
    onTestFinished(async () => {
      await client.stop();
      await edge.stop();
    });
    await client.register(await edge.edge.createInvite());
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject(own);
    await client.signIn();
    await client.call('tunnel.open', { service: 'echo.demo.bnn' });
    // The Access Tier of this edge is on loopback.
    expect(engine.specs).toMatchObject([{ localUsers: 'anyone', upstreamProxy: null }]);
  });
});

function aFreePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, '127.0.0.1');
    probe.once('connect', () => resolve(true)).once('error', () => resolve(false));
    probe.once('connect', () => probe.destroy());
  });
}
