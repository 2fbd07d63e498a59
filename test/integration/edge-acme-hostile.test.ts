// What an ACME directory that is broken, or means harm, can make an edge do: nothing but fail its order.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { checkIssued } from '../../src/edge/acme/kept.ts';
import { openDirectory } from '../../src/edge/acme/order.ts';
import { createTestPki } from '../support/pki.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, origin: string) => void;

/** How an order for pages.example.test ends there, and what was presented for it. */
async function ordered(answer: Answer): Promise<{ end: string; presented: string[] }> {
  const pki = await createTestPki('Test Directory Root');
  const own = await pki.issue({ commonName: 'directory', ipAddresses: ['127.0.0.1'] });
  const server = createServer({ cert: own.certificate, key: own.key }, (request, response) =>
    answer(request, response, origin),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const url = `${origin}/dir`;
  const directory = await openDirectory({
    url,
    contact: 'ops@example.com',
    root: pki.root,
    requestMs: 2_000,
  });
  onTestFinished(() => {
    directory.stop();
    server.closeAllConnections();
    server.close();
  });
  const presented: string[] = [];
  const end = await directory
    .order({
      names: ['pages.example.test'],
      commonName: undefined,
      accountKey: await directory.newAccountKey(),
      present: (name) => Promise.resolve(void presented.push(name)),
      signal: AbortSignal.timeout(10_000),
    })
    .then(() => 'it was issued', String);
  return { end, presented };
}

/** Asks for the proofs that are named. */
const asking =
  (names: readonly string[]): Answer =>
  ({ url = '' }, response, origin) => {
    const [, what = '', name = ''] = url.split('/');
    const dir = { newNonce: `${origin}/nonce`, newAccount: `${origin}/account` };
    const authorizations = names.map((each) => `${origin}/proof/${each}`);
    const challenges = [{ type: 'tls-alpn-01', url: `${origin}/take`, token: 'token' }];
    const answers: Record<string, object> = {
      dir: { ...dir, newOrder: `${origin}/order` },
      order: { status: 'pending', authorizations, finalize: `${origin}/finalize` },
      proof: { status: 'pending', identifier: { type: 'dns', value: name }, challenges },
    };
    response.writeHead(['account', 'order'].includes(what) ? 201 : 200, {
      'Content-Type': 'application/json',
      'Replay-Nonce': 'nonce',
      Location: `${origin}/${what}`,
    });
    response.end(JSON.stringify(answers[what] ?? {}));
  };

test('an answer that drips for ever holds up no order', async () => {
  const { end } = await ordered((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const dripping = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(dripping));
  });
  expect(end).toBe('Error: the directory does not answer: not within 2 seconds');
});

test('nobody is led elsewhere by it, least of all without TLS', async () => {
  const { end } = await ordered((_, response) =>
    response.writeHead(302, { Location: 'http://127.0.0.1:9/dir' }).end(),
  );
  expect(end).toBe('Error: the directory leads elsewhere');
});

test.each([
  ['another name than was ordered', ['other.example.test']],
  ['more names than were ordered', Array.from({ length: 500 }, (_, at) => `${at}.example.test`)],
])('proof of %s is not given', async (_, names) => {
  const asked = vi.fn(asking(names));
  const { end, presented } = await ordered(asked);
  expect(end).toContain('the directory asks for proof of what was not ordered');
  expect(presented).toEqual([]);
  expect(asked.mock.calls.length).toBeLessThan(20);
});

test('a certificate that has ended, or is for another name, takes the place of none', async () => {
  const pki = await createTestPki();
  const names = ['pages.example.test'];
  const issue = async (dnsNames: string[], lifeMs?: number) => {
    const { key, certificate } = await pki.issue({
      commonName: 'pages.example.test',
      dnsNames,
      ...(lifeMs !== undefined && { lifeMs }),
    });
    return { key, cert: certificate };
  };
  checkIssued(await issue(names), names);
  const ended = await issue(names, -1_000);
  expect(() => checkIssued(ended, names)).toThrow('what was issued has ended');
  const other = await issue(['other.example.test']);
  expect(() => checkIssued(other, names)).toThrow('is not for pages.example.test');
});
