// What the system browser is given, and how a refused ticket reads.
import { expect, test, vi } from 'vitest';
import { createVouchers } from '../../../../../src/main/client/access/vouchers.ts';
import { createWebServices } from '../../../../../src/main/client/access/web-services.ts';
import type { Access } from '../../../../../src/main/client/catalog/catalog.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { aService } from '../../../../support/services.ts';

const PAGES = 'https://demo.example:8440';

function bench(status: number, body: object) {
  const log = recordingLog();
  const state = createState(log, () => {});
  const wiki = aService({ id: 'wiki.demo.bnn', type: 'WEB', friendlyName: 'Wiki' });
  state.catalog({ status: 'current', services: [wiki] });
  const open = vi.fn(() => Promise.resolve());
  const onRefused = vi.fn();
  const onDeviceRevoked = vi.fn();
  const answer = { status, headers: {}, body: JSON.stringify(body) };
  const access = {
    trustToken: 'token',
    membership: {
      document: {
        name: 'Demo',
        issuer: PAGES,
        command_center: 'https://demo.example:8441/api/v1',
      },
      connection: { ask: () => Promise.resolve(answer) },
    },
  } as unknown as Access;
  const services = createWebServices({
    ports: { browser: { open }, log },
    vouchers: createVouchers({ state, access: () => access, onRefused, onDeviceRevoked }),
  });
  return {
    run: () => services.open('wiki.demo.bnn'),
    link: () => services.page('wiki.demo.bnn'),
    open,
    onRefused,
    onDeviceRevoked,
  };
}
const problem = (status: number, code: string) => ({
  type: 'about:blank',
  title: 'No',
  status,
  detail: 'Because.',
  code,
  correlation_id: 'c-1',
});

test('a page of the organisation is opened', async () => {
  const { run, open } = bench(201, { url: `${PAGES}/open?ticket=t`, expires_in: 60 });
  await run();
  expect(open).toHaveBeenCalledExactlyOnceWith(`${PAGES}/open?ticket=t`);
});

test('without a browser the page is given, and nothing is opened', async () => {
  const { link, open } = bench(201, { url: `${PAGES}/open?ticket=t`, expires_in: 60 });
  expect(await link()).toBe(`${PAGES}/open?ticket=t`);
  expect(open).not.toHaveBeenCalled();
});

test.each([
  'https://evil.example/open?ticket=t',
  'https://demo.example:8440@evil.example/',
  'https://demo.example/open',
  'http://demo.example:8440/open',
  'file:///etc/passwd',
  'javascript:alert(1)',
  '--help',
])('%s is not given to the browser, whoever says so', async (url) => {
  const { run, open } = bench(201, { url, expires_in: 60 });
  await expect(run()).rejects.toMatchObject({ code: 'organisation/invalid-answer' });
  expect(open).not.toHaveBeenCalled();
});

test('a refusal keeps its code, its reason and its reference', async () => {
  const { run } = bench(403, problem(403, 'trust_level'));
  await expect(run()).rejects.toMatchObject({
    code: 'tunnel/denied',
    message: 'Because.',
    correlationId: 'c-1',
  });
});

test('an ended session is looked after, a revoked device is taken back', async () => {
  const ended = bench(401, problem(401, 'session_ended'));
  await expect(ended.run()).rejects.toMatchObject({ code: 'identity/session-expired' });
  expect(ended.onRefused).toHaveBeenCalledOnce();
  const revoked = bench(403, problem(403, 'device_revoked'));
  await expect(revoked.run()).rejects.toMatchObject({ code: 'device/certificate-refused' });
  expect(revoked.onDeviceRevoked).toHaveBeenCalledExactlyOnceWith('Because.');
});

test.each([500, 200, 302])('%i is no ticket', async (status) => {
  const { run } = bench(status, {});
  await expect(run()).rejects.toMatchObject({ code: 'organisation/invalid-answer' });
});

test('a server that is too old for it is told from a service that is not there', async () => {
  for (const status of [404, 405, 501]) {
    await expect(bench(status, { detail: 'There is nothing here.' }).run()).rejects.toMatchObject({
      code: 'organisation/lacks-feature',
      message: 'The server of Demo is older than this app and cannot open web services.',
    });
  }
  await expect(bench(404, problem(404, 'service_unknown')).run()).rejects.toMatchObject({
    code: 'catalog/service-not-found',
    message: 'Because.',
  });
});
