// Where a code of a web service may be sent: to the callback at one of its own addresses, letter by letter.
import { expect, test } from 'vitest';
import { createChanges } from '../../../../src/edge/changes.ts';
import { openRulebook } from '../../../../src/edge/command-center/rulebook.ts';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import { createWebClients } from '../../../../src/edge/trust-provider/web-clients.ts';

const CALLBACK = '/bnn_trust_cb';
const ID = 'apps.demo.bnn';

test.each<[string, boolean]>([
  [`https://one.apps.example:8443${CALLBACK}`, true],
  [`https://two.apps.example:8443${CALLBACK}`, true],
  [`https://one.apps.example${CALLBACK}`, false],
  [`http://one.apps.example:8443${CALLBACK}`, false],
  [`https://a.b.apps.example:8443${CALLBACK}`, false],
  [`https://apps.example:8443${CALLBACK}`, false],
  [`https://evil.example:8443${CALLBACK}`, false],
  [`https://one.apps.example.evil.example:8443${CALLBACK}`, false],
  [`https://one.apps.example:8443@evil.example${CALLBACK}`, false],
  [`https://somebody@one.apps.example:8443${CALLBACK}`, false],
  ['https://one.apps.example:8443/elsewhere', false],
  [`https://one.apps.example:8443/elsewhere/..${CALLBACK}`, false],
  [`https://one.apps.example:8443${CALLBACK}/`, false],
  [`https://one.apps.example:8443${CALLBACK}?to=there`, false],
  [`https://one.apps.example:8443${CALLBACK}#here`, false],
  ['', false],
])('a service of a *. name takes its codes at %s: %s', async (address, expected) => {
  const rulebook = await openRulebook(createMemoryStore(), createChanges(), () => {});
  const definition = {
    kind: 'BanyanService',
    metadata: {
      name: 'apps',
      cluster: 'demo',
      tags: { domain: '*.apps.example', service_app_type: 'WEB' },
    },
    spec: { backend: { target: { name: 'apps.internal', port: '80' } } },
  };
  await rulebook.put('service', definition, 'test');
  const clients = createWebClients(rulebook, () => ['https://*.apps.example:8443']);
  expect(clients.covers(ID, address)).toBe(expected);
  // Of a service that is switched off, none counts.
  await rulebook.setServiceEnabled(ID, false);
  expect(clients.covers(ID, address)).toBe(false);
});
