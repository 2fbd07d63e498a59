// What a certificate on a real TLS connection is worth at each time: here those of a Device Manager, whose authority is not ours.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createClientCertificates } from '../../../../src/edge/authority/client-certificates.ts';
import type { Credentials } from '../../../../src/proxy/index.ts';
import { createTestPki, type TestPki } from '../../../support/pki.ts';

const DAY_MS = 86_400_000;

let ours: TestPki;
let manager: TestPki;
beforeAll(async () => {
  ours = await createTestPki();
  manager = await createTestPki('Manager');
});

/** The server's side of a connection on which the client has shown this certificate. */
async function shown({ key, certificate }: Credentials): Promise<TLSSocket> {
  const own = await ours.issue({ commonName: 'localhost' });
  const server = createServer({
    key: own.key,
    cert: own.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  const client = connect({
    port,
    host: '127.0.0.1',
    servername: 'localhost',
    ca: ours.root,
    key,
    cert: certificate,
  });
  client.on('error', () => {});
  const [socket] = await accepted;
  onTestFinished(() => {
    client.destroy();
    socket.destroy();
    server.close();
  });
  return socket;
}

const judge = (socket: TLSSocket) => {
  const authority = { intermediate: () => ours.root };
  const accepted = [{ name: 'jamf', certificate: new X509Certificate(manager.root) }];
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is asked of it
  const certificates = createClientCertificates(authority as never, () => accepted);
  return [certificates.device(socket).status, certificates.managed(socket)?.id];
};

describe('the certificate of a device', () => {
  test.for<[string, number, ReturnType<typeof judge>]>([
    ['counts in its time', 0, ['valid', 'jamf:mac-1']],
    ['not before it', -2 * DAY_MS, ['expired', undefined]],
    ['not after its authority has ended, which it outlives', 2 * DAY_MS, ['invalid', undefined]],
  ])('%s', async ([, later, expected]) => {
    const mac = await manager.issue({
      commonName: 'mac-1',
      clientAuth: true,
      lifeMs: 9 * DAY_MS,
    });
    const socket = await shown(mac);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + later });
    onTestFinished(() => void vi.useRealTimers());
    expect(judge(socket)).toEqual(expected);
  });
});

test('the certificate of an authority is none of a device', async () => {
  const wish = { commonName: 'mac-1', clientAuth: true };
  expect(judge(await shown(await manager.issue({ ...wish, authority: true })))).toEqual([
    'invalid',
    undefined,
  ]);
  expect(judge(await shown(await manager.issue(wish)))).toEqual(['valid', 'jamf:mac-1']);
});
