// A device registered by an address and a sign-in, in the built programs: in the window with a real browser beside it, and in
// the terminal.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { skipWithoutChromium } from '../support/chromium.ts';
import {
  environment,
  type Finished,
  programPath,
  runProgram,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { openBrowserTab, openDesktopApp, type ShownApp } from '../support/shown-app.ts';
import { startEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

async function approve(
  app: ShownApp,
  { asksForDevice }: { asksForDevice: boolean },
): Promise<void> {
  const page = await app.nextPage();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
  const asks = page.getByText('A new device asks to be registered in your name.');
  expect(await asks.count()).toBe(asksForDevice ? 1 : 0);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.getByText('You can close this tab').waitFor();
}

describe.each([
  ['the desktop app', openDesktopApp],
  ['a browser tab', openBrowserTab],
] as const)('in %s', (_, open) => {
  it('leads from an address to the services, and not without the fingerprint', async (ctx) => {
    skipWithoutChromium(ctx);
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const app = await open();
    onTestFinished(() => app.stop());
    const { page } = app;
    const press = (name: string): Promise<void> =>
      page.getByRole('button', { name, exact: true }).click();

    await press('No invite? Sign in with the address of your organisation');
    await page.getByLabel('Address of your organisation').fill(edge.organisation);
    await press('Continue');
    const yes = page.getByRole('button', { name: 'Yes, this is Demo' });
    expect(await yes.isDisabled()).toBe(true);
    const groups = edge.edge.rootFingerprint.slice(0, 12);
    expect(await page.content()).not.toContain(groups.slice(0, 4));
    const wrong = (groups.startsWith('A') ? 'B' : 'A') + groups.slice(1);
    await page.getByLabel('First three groups').fill(wrong);
    await yes.click();
    await page.getByText('That is not its fingerprint').waitFor();
    await page.getByLabel('First three groups').fill(groups);
    await yes.click();

    await page.getByLabel('Name').fill('e2e-laptop');
    await page.getByText('In memory only').click();
    await press('Sign in and register');
    await approve(app, { asksForDevice: true });
    await page.getByText('This computer is registered').waitFor();
    expect(await edge.edge.devices()).toMatchObject([
      { name: 'e2e-laptop', owner: 'dana@demo.example' },
    ]);
    await press('Sign in with your browser');
    await approve(app, { asksForDevice: false });
    await page.getByRole('heading', { name: 'Services' }).waitFor();
  });
});

describe('in the terminal', () => {
  async function anOrganisation() {
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const { path: home, remove } = await temporaryFolder();
    onTestFinished(remove);
    const running = await startProgram('banyan', ['up'], home);
    onTestFinished(async () => void (await running.stop()));
    return { edge, home };
  }

  /** Approves as soon as it says where. */
  function register(home: string, args: readonly string[]): Promise<Finished> {
    const child = spawn(process.execPath, [programPath('banyan'), 'register', ...args], {
      env: environment(home),
    });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
    createInterface({ input: child.stderr }).on('line', (line) => {
      said.stderr += `${line}\n`;
      const event = JSON.parse(line) as { event?: string; url?: string };
      if (event.event === 'sign-in-page' && event.url) void approveSignIn(event.url);
    });
    return new Promise((resolve) => child.on('close', (exit) => resolve({ exit, ...said })));
  }

  it('registers with the fingerprint as an option, and says where the browser goes', async () => {
    const { edge, home } = await anOrganisation();
    const { organisation } = edge;
    const { rootFingerprint } = edge.edge;
    const options = ['--fingerprint', rootFingerprint, '--no-browser', '--json'];
    const { exit, stdout, stderr } = await register(home, [organisation, ...options]);
    expect(JSON.parse(stderr)).toMatchObject({ event: 'sign-in-page' });
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      device: { status: 'registered', organisation: { host: organisation, rootFingerprint } },
    });
    expect(exit).toBe(0);
    expect(await edge.edge.devices()).toHaveLength(1);
  });

  it('registers nothing on a mere yes, nor with another fingerprint', async () => {
    const { edge, home } = await anOrganisation();
    const { organisation } = edge;
    const yes = await runProgram('banyan', ['register', organisation, '--yes'], home);
    expect(yes.exit).toBe(2);
    expect(yes.stderr).toContain('use --fingerprint');
    expect(yes.stderr).not.toContain(edge.edge.rootFingerprint.slice(0, 4));
    const other = ['register', organisation, '--fingerprint', 'A'.repeat(43), '--yes', '--json'];
    const refused = await runProgram('banyan', other, home);
    expect(refused.exit).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      ok: false,
      error: { code: 'device/fingerprint-mismatch' },
    });
    expect(await readdir(home)).not.toContain('orgs');
    expect(await edge.edge.devices()).toEqual([]);
  });

  it('ends a sign-in that waits with Ctrl-C, and leaves nothing', async () => {
    const { edge, home } = await anOrganisation();
    const args = [edge.organisation, '--fingerprint', edge.edge.rootFingerprint, '--no-browser'];
    const child = spawn(process.execPath, [programPath('banyan'), 'register', ...args], {
      env: environment(home),
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(() => Promise.resolve(said.includes('/start/')));
    child.kill('SIGINT');
    expect(await ended).toBe(3);
    expect(said).toContain('[identity/sign-in-cancelled]');
    expect(await readdir(home)).not.toContain('orgs');
  });
});
