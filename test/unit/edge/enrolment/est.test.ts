// Registering with an invite, where requests get in each other's way.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AuditEntry } from '../../../../src/edge/audit/audit.ts';
import { createEnrolment, type EnrolmentOptions, EST } from '../../../../src/edge/enrolment/est.ts';
import { createInvites } from '../../../../src/edge/enrolment/invites.ts';
import { createRouter } from '../../../../src/edge/http/router.ts';
import { createMemoryStore } from '../../../../src/edge/store/memory-store.ts';
import { aSigningRequest } from '../../../support/certificates.ts';

async function started() {
  const store = createMemoryStore();
  const invites = createInvites(store);
  /** Those who wait for their certificate. */
  const issuing: (() => void)[] = [];
  let guesses = 0;
  const audited: AuditEntry[] = [];
  const options = {
    store,
    invites,
    registrationTokens: null,
    authority: {
      issueDevice: () =>
        new Promise((resolve) => {
          const serial = String(issuing.length);
          issuing.push(() => resolve({ certificates: '', serial, notAfter: 0 }));
        }),
    },
    audit: { write: (entry: AuditEntry) => void audited.push(entry) },
    throttle: { failed: () => void (guesses += 1), delayMs: () => 0 },
    deviceCertSeconds: 60,
    revocationList: '',
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that a registration asks
  const { open: routes } = createEnrolment(options as unknown as EnrolmentOptions);
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.on('request', createRouter({ hosts: new Set([host]), routes, log: () => {} }));
  const { request: body } = await aSigningRequest();
  const facts = { name: 'a', ownership: 'Other', platform: 'linux', serial_number: 'b' };
  const register = async (code: string) =>
    (
      await fetch(`http://${host}${EST}/device/simpleenroll`, {
        method: 'POST',
        headers: {
          'content-type': 'application/pkcs10',
          authorization: `Basic ${btoa(`invite:${code}`)}`,
          'banyan-device': JSON.stringify(facts),
        },
        body,
      })
    ).status;
  return { audited, guesses: () => guesses, invites, issuing, register, store };
}

test('one who took too long for the only use of an invite registers nothing', async () => {
  const { audited, invites, issuing, register, store } = await started();
  const { code } = await invites.create(3_600);
  const first = register(code);
  await expect.poll(() => issuing.length).toBe(1);
  expect(await register(code)).toBe(401); // it is being used
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
  onTestFinished(() => void vi.useRealTimers());
  const second = register(code);
  await expect.poll(() => issuing.length).toBe(2);
  issuing[1]?.();
  expect(await second).toBe(200);
  issuing[0]?.();
  expect(await first).toBe(401);
  expect(await store.list('devices')).toHaveLength(1);
  expect(audited.map(({ allowed, code: why }) => [allowed, why])).toEqual([
    [false, 'invite_used_up'],
    [true, undefined],
    [false, 'invite_used_up'],
  ]);
});

test('a code that is none counts as a guess, one that was used does not', async () => {
  const { guesses, invites, issuing, register } = await started();
  const { code } = await invites.create(3_600);
  const registered = register(code);
  await expect.poll(() => issuing.length).toBe(1);
  issuing[0]?.();
  expect([await registered, await register(code), guesses()]).toEqual([200, 401, 0]);
  expect([await register('2222-2222-2222'), guesses()]).toEqual([401, 1]);
});
