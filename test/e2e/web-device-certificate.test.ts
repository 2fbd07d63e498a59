// A browser of a company's computer without the app: the certificate that a Device Manager has put into its store, chosen by a
// managed policy, in real Chromium.
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Page, chromium } from 'playwright-core';
import { beforeEach, expect, onTestFinished, test, type TestContext } from 'vitest';
import { callsTo } from '../../src/edge/administration/control-client.ts';
import { skipWithoutChromium } from '../support/chromium.ts';
import { createTestPki, type TestPki } from '../support/pki.ts';
import { startWebBench } from '../support/web-service.ts';

const run = promisify(execFile);
const by = 'test';
const SERIAL = 'C02XL0AAJGH5';
const CHROMIUM = process.env['BANYAN_CHROMIUM'] ?? '/usr/bin/chromium';

beforeEach(skipWithoutChromium);
beforeEach((ctx: TestContext) => {
  try {
    execFileSync(
      'unshare',
      ['-m', 'sh', '-c', 'mount --bind /tmp /etc/chromium && command -v certutil pk12util'],
      { stdio: 'pipe' },
    );
  } catch (error) {
    ctx.skip(`no managed policy or certificate can be given to Chromium alone: ${String(error)}`);
  }
});

/** Chromium of a computer: its own HOME with a certificate store, and its own /etc/chromium, which nobody else sees. */
async function computer(root: string, origin: string, jamf: TestPki | null): Promise<Page> {
  const home = await mkdtemp(join(tmpdir(), 'banyan-browser-'));
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));
  const nssdb = join(home, '.pki/nssdb');
  await mkdir(nssdb, { recursive: true });
  const nss = (program: string, options: string): Promise<unknown> =>
    run(program, ['-d', `sql:${nssdb}`, ...options.split(' ')], { cwd: home });
  await nss('certutil', '-N --empty-password');
  await writeFile(join(home, 'root.pem'), root);
  await nss('certutil', '-A -n edge -t C,, -i root.pem');
  if (jamf) {
    const { key, certificate } = await jamf.issue({ commonName: SERIAL, clientAuth: true });
    await writeFile(join(home, 'device.pem'), `${key}\n${certificate}`);
    const toP12 = 'pkcs12 -export -in device.pem -out device.p12 -passout pass: -name device';
    await run('openssl', toP12.split(' '), { cwd: home });
    await nss('pk12util', '-i device.p12 -W ');
  }
  const policies = join(home, 'etc/policies/managed');
  await mkdir(policies, { recursive: true });
  const chosen = JSON.stringify({ pattern: origin, filter: { ISSUER: { CN: 'Jamf CA' } } });
  await writeFile(
    join(policies, 'banyan.json'),
    JSON.stringify({ AutoSelectCertificateForUrls: [chosen] }),
  );
  const start = join(home, 'chromium');
  await writeFile(
    start,
    `#!/bin/sh\nexec unshare -m sh -c 'mount --bind "$0" /etc/chromium && exec "$@"' '${join(home, 'etc')}' '${CHROMIUM}' "$@"\n`,
  );
  await chmod(start, 0o755);
  const context = await chromium.launchPersistentContext(join(home, 'profile'), {
    executablePath: start,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic'],
    env: { ...process.env, HOME: home },
  });
  onTestFinished(() => context.close());
  return context.newPage();
}

test('a certificate of the Device Manager signs in, none is offered the app, a banned one reads why', async () => {
  const bench = await startWebBench({ plainPages: false });
  onTestFinished(() => bench.stop());
  bench.backend((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Shop</title><h1>Welcome</h1>');
  });
  const ask = callsTo(bench.edge.data);
  const jamf = await createTestPki('Jamf CA');
  await ask('settings.ca.add', {
    name: 'jamf',
    pem: jamf.root,
    ownership: 'Corporate Dedicated',
    by,
  });
  const { root, document } = bench.edge.edge;
  const { origin } = new URL(document.command_center);
  const shop = `${bench.origin('shop')}/`;

  const without = await computer(root, origin, null);
  expect((await without.goto(shop))?.status()).toBe(403);
  await without.getByRole('link', { name: 'Open with the Banyan app' }).waitFor();

  const page = await computer(root, origin, jamf);
  await page.goto(shop);
  await page.locator('input[type=email], input[name=email]').fill('dana@demo.example');
  await page.locator('input[type=password]').fill('demo-password');
  await page.locator('button[value=sign-in]').click();
  await page.getByRole('heading', { name: 'Welcome' }).waitFor();
  expect(page.url()).toBe(shop);

  await ask('device.ban', {
    device: `jamf:${SERIAL}`,
    banned: true,
    reason: 'Lost on a train.',
    by,
  });
  expect((await page.goto(shop))?.status()).toBe(403);
  await page.getByText('Lost on a train.').waitFor();
  // Nor by a sign-in from the beginning.
  await page.context().clearCookies();
  expect((await page.goto(shop))?.status()).toBe(403);
  await page.getByText('Lost on a train.').waitFor();
}, 40_000);
