// What a page, a server or a lost line must not achieve. Each was possible once.
import { once } from 'node:events';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { Credentials } from '../../src/proxy/index.ts';
import { startConnectTier } from '../support/connect-tier.ts';
import { createTestPki } from '../support/pki.ts';
import { aTunnel, connectTo, echoed, program, runEngine } from '../support/running-engine.ts';
import { startTlsTier } from '../support/tls-tier.ts';

let person: Credentials;
let server: Credentials;
const cleanUps: (() => unknown)[] = [];
beforeAll(async () => {
  const pki = await createTestPki();
  person = await pki.issue({ commonName: 'person' });
  server = await pki.issue({ commonName: 'svc.test' });
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

async function anEngine() {
  const engine = await runEngine(person);
  cleanUps.push(() => engine.stop());
  return engine;
}

it('a lost HTTP/2 connection never looks like a finished answer', async () => {
  const tier = await startConnectTier(server, { protocols: ['h2'] });
  cleanUps.push(() => tier.stop());
  const engine = await anEngine();
  const address = await engine.open(aTunnel(tier.port, { mode: 'CHAIN' }));
  const { socket } = await connectTo(address, 'host.lab:22');
  expect(await echoed(socket, 'part of it')).toBe('part of it');
  const endings: string[] = [];
  socket.on('end', () => endings.push('end')).on('error', () => endings.push('error'));
  socket.resume();
  tier.cutAll();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(endings).toEqual(['error']);
});

it('bytes behind a CONNECT are not delivered twice when the server dies over them', async () => {
  const seen: string[] = [];
  const http2 = createHttp2Server();
  http2.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {});
    stream.once('data', (chunk: Buffer) => {
      seen.push(chunk.toString());
      stream.session?.destroy();
    });
  });
  const tier = createServer(
    {
      key: server.key,
      cert: server.certificate,
      ca: server.ca,
      requestCert: true,
      ALPNProtocols: ['h2'],
    },
    (socket: TLSSocket) =>
      void http2.emit(
        'connection',
        socket.on('error', () => {}),
      ),
  );
  tier.listen(0, '127.0.0.1');
  await once(tier, 'listening');
  cleanUps.push(() => tier.close());
  const engine = await anEngine();
  const { port } = tier.address() as { port: number };
  const address = await engine.open(aTunnel(port, { mode: 'CHAIN' }));
  const socket = await program(address);
  socket.write('CONNECT host.lab:1 HTTP/1.1\r\n\r\nDELETE /orders/1');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 (403|502)/);
  expect(seen).toEqual(['DELETE /orders/1']);
  socket.destroy();
});

it('a page cannot use the connection that a browser keeps open for its person', async () => {
  let received = '';
  const far = await startTlsTier(server, (socket) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
  });
  cleanUps.push(() => far.stop());
  const engine = await anEngine();
  const socket = await program(await engine.open(aTunnel(far.port)));
  const browser = 'Host: localhost\r\nUser-Agent: Mozilla/5.0\r\nAccept-Language: en\r\n';
  socket.write(`GET / HTTP/1.1\r\n${browser}Sec-Fetch-Site: none\r\n\r\n`);
  expect(String((await once(socket, 'data'))[0])).toContain('200 OK');
  socket.write(`POST /delete HTTP/1.1\r\n${browser}Sec-Fetch-Site: cross-site\r\n\r\nx=1`);
  expect(String((await once(socket, 'data'))[0])).toContain('403 Forbidden');
  expect(received).not.toContain('/delete');
});
