// What connections leave behind outside of the JavaScript heap, where no snapshot shows it.
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, createSecureContext } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import {
  exportPrivateKey,
  generateKeyPair,
  SIGNATURE,
  x509,
} from '../../src/edge/authority/crypto.ts';
import { nativeMemory } from '../support/native-memory.ts';
import { startEdge } from '../support/start-edge.ts';

const used = nativeMemory();
beforeEach((context) => {
  if (used === null) context.skip('there is no glibc with mallinfo2 here, or no koffi');
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const LARGE = 60_000;
const WARM_UP = 50;
const MANY = 200;

/** A certificate of nobody, and an issuer that is as large as a chain may be. */
async function aLargeChain() {
  const [issuerKeys, keys] = [await generateKeyPair(), await generateKeyPair()];
  const validity = {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: SIGNATURE,
  };
  const issuer = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    name: 'CN=large',
    keys: issuerKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true),
      new x509.Extension('1.3.6.1.4.1.99999.1', false, new Uint8Array(LARGE)),
    ],
  });
  const leaf = await x509.X509CertificateGenerator.create({
    ...validity,
    subject: 'CN=nobody',
    issuer: issuer.subject,
    signingKey: issuerKeys.privateKey,
    publicKey: keys.publicKey,
  });
  const cert = `${leaf.toString('pem')}\n${issuer.toString('pem')}`;
  return { cert, key: await exportPrivateKey(keys.privateKey) };
}

test.each([
  ['the Access Tier', 'echo.demo.localhost', null],
  ['the port for devices', 'demo.localhost', 'GET /api/v1/services HTTP/1.1\r\nHost: '],
])(
  'whoever sends a large chain of certificates to %s leaves none of it behind',
  async (_, servername, says) => {
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const { port: mutual, host } = new URL(edge.edge.document.command_center);
    const secureContext = createSecureContext({ ca: edge.edge.root, ...(await aLargeChain()) });
    const come = async (count: number): Promise<number> => {
      for (let made = 0; made < count; made += 1) {
        const socket = connect({
          host: '127.0.0.1',
          port: says === null ? edge.edge.accessTierPort : Number(mutual),
          servername,
          secureContext,
        });
        socket.on('error', () => {});
        socket.resume();
        if (says !== null) socket.write(`${says}${host}\r\nConnection: close\r\n\r\n`);
        await once(socket, 'close');
      }
      // Handles are closed in turns of their own.
      for (let turns = 0; turns < 3; turns += 1) {
        collect();
        await delay(20);
      }
      return used!();
    };
    const before = await come(WARM_UP);
    const kept = (await come(MANY)) - before;
    expect(kept).toBeLessThan((MANY * LARGE) / 4);
  },
  60_000,
);
