// What edges on one store leave to each other: whose turn an order is, and which proofs are still asked for.
import { expect, test } from 'vitest';
import { createChallenges } from '../../../../src/edge/acme/challenges.ts';
import { createKept } from '../../../../src/edge/acme/kept.ts';
import type { PublishedService } from '../../../../src/edge/command-center/rulebook.ts';
import { DOCUMENTS, serviceId } from '../../../../src/edge/command-center/documents.ts';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import { createTestPki } from '../../../support/pki.ts';

const SERVICE = 'pages.demo.bnn';
const failed = { names: ['a'], directory: 'd', times: 1, reason: 'late', until: 0 };

function edges() {
  const store = createMemoryStore();
  const edge = () =>
    createKept({ store, sealingKey: new Uint8Array(32), clientAuthority: '', log: () => {} });
  return { store, first: edge(), second: edge() };
}

test('what one edge is ordering no other orders, until it has settled or its time is over', async () => {
  const { first, second } = edges();
  expect(await first.claim(SERVICE, 60_000)).toBe(true);
  expect(await second.claim(SERVICE, 60_000)).toBe(false);
  await first.settle(SERVICE, null);
  expect(await second.claim(SERVICE, -1)).toBe(true);
  expect(await first.claim(SERVICE, 60_000)).toBe(true);
});

test('an edge that comes back after its time changes nothing of the order that another has begun', async () => {
  const { store, first, second } = edges();
  await first.claim(SERVICE, -1);
  await second.claim(SERVICE, 60_000);
  const before = await store.get('acmeCertificates', SERVICE);
  await first.settle(SERVICE, { failed });
  expect(await store.get('acmeCertificates', SERVICE)).toEqual(before);
  await second.settle(SERVICE, { failed });
  expect(await store.get('acmeCertificates', SERVICE)).toEqual({ failed });
});

test('a proof is shown for its minutes, and not after', async () => {
  const { store } = edges();
  const document = DOCUMENTS.service.parse({
    kind: 'BanyanService',
    metadata: {
      name: 'pages',
      cluster: 'demo',
      tags: { domain: 'pages.example.test', service_app_type: 'GENERIC' },
    },
    spec: {
      backend: { target: { name: '127.0.0.1', port: 1 } },
      cert_settings: { letsencrypt: true },
    },
  });
  const services = (): PublishedService[] => [{ id: serviceId(document), enabled: true, document }];
  const { key, certificate: cert } = await (await createTestPki()).issue({ commonName: 'proof' });
  const challenges = createChallenges(
    store,
    { services },
    { challengeCertificate: () => Promise.resolve({ key, cert }) },
  );
  const [name, challenge] = ['pages.example.test', { keyAuthorization: 'token.thumbprint' }];
  await challenges.present(name, challenge.keyAuthorization);
  await expect(challenges.challengeFor(name)).resolves.toBeDefined();
  await store.put('acmeChallenges', name, { ...challenge, until: Date.now() - 1 });
  await expect(challenges.challengeFor(name)).rejects.toThrow('nothing has to be proven');
});
