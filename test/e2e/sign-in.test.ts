// Signing in by the built program: one page whoever asks, a code at another device, and what a real browser is left with.
import { spawn } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { approveCode, approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { launchChromium, skipWithoutChromium } from '../support/chromium.ts';
import {
  environment,
  programPath,
  runProgram,
  type Running,
  startProgram,
  temporaryFolder,
} from '../support/programs.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

describe('banyan login', () => {
  let edge: TestEdge;
  let running: Running;
  let home: string;
  let opened: () => Promise<string[]>;
  const cleanUps: (() => unknown)[] = [];

  beforeAll(async () => {
    const folder = await temporaryFolder();
    cleanUps.push(folder.remove);
    home = path.join(folder.path, 'home');
    const pages = path.join(folder.path, 'pages');
    // A browser that writes down what it is given.
    const browser = path.join(folder.path, 'browser');
    await writeFile(browser, `#!/bin/sh\nprintf '%s\\n' "$1" >> '${pages}'\n`);
    await chmod(browser, 0o755);
    process.env['BROWSER'] = browser;
    cleanUps.push(() => delete process.env['BROWSER']);
    opened = async () =>
      (await readFile(pages, 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
    edge = await startEdge({ lifetimes: { pollEvery: 1 } });
    cleanUps.push(() => edge.stop());
    running = await startProgram('banyan', ['up'], home);
    cleanUps.push(() => running.stop());
    const invite = await edge.edge.createInvite();
    expect((await runProgram('banyan', ['register', invite, '--yes'], home)).exit).toBe(0);
  });
  afterAll(async () => {
    for (const cleanUp of cleanUps.toReversed()) await cleanUp();
  });

  it('three times at once, in processes of their own, opens one page and signs all of them in', async () => {
    const logins = Promise.all(
      [1, 2, 3].map(() => runProgram('banyan', ['login', '--json'], home)),
    );
    await until(async () => (await opened()).length > 0);
    // All of them have been told of that page by now, or will be.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const [page = ''] = await opened();
    await approveSignIn(page);
    for (const { exit, stdout } of await logins) {
      expect(exit).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({ session: { status: 'signed-in' } });
    }
    expect(await opened()).toHaveLength(1);
    expect((await runProgram('banyan', ['logout'], home)).exit).toBe(0);
  });

  it('tells the page that it joins where another terminal waits', async () => {
    const login = (): { said: () => string; child: ReturnType<typeof spawn> } => {
      const child = spawn(process.execPath, [programPath('banyan'), 'login', '--no-browser'], {
        env: environment(home),
      });
      let said = '';
      child.stderr.on('data', (text: Buffer) => (said += text.toString()));
      return { said: () => said, child };
    };
    const first = login();
    await until(() => Promise.resolve(first.said().includes('Ctrl-C gives up')));
    const second = login();
    await until(() => Promise.resolve(second.said().includes('Ctrl-C gives up')));
    expect(second.said()).toBe(first.said());
    const ended = new Promise((resolve) => first.child.on('close', resolve));
    second.child.kill('SIGINT');
    expect(await ended).toBe(3);
  });

  it('--device-code shows page, code and picture, opens nothing, and goes on when it is approved', async () => {
    const before = (await opened()).length;
    const child = spawn(process.execPath, [programPath('banyan'), 'login', '--device-code'], {
      env: environment(home),
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => (said += text.toString()));
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(() => Promise.resolve(said.includes('It is good until')));
    const [code = ''] = /[B-Z]{4}-[B-Z]{4}/.exec(said) ?? [];
    expect(said).toContain(`  ${edge.browserOrigin}/device\n`);
    expect(said).toMatch(/█▀▀▀▀▀█|█ ▄▄▄▄▄ █/); // a corner of the picture
    await approveCode(`${edge.browserOrigin}/device?user_code=${code}`);
    expect(await ended).toBe(0);
    expect(said).toContain('Signed in as Dana Demo');
    expect(await opened()).toHaveLength(before);
  });
});

describe('a browser that has signed in', () => {
  it('ends on our page, with neither code nor state in its address or its history', async (context) => {
    skipWithoutChromium(context);
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const browser = scriptedBrowser();
    const client = await startClient({ browser });
    onTestFinished(() => client.stop());
    await client.register(await edge.edge.createInvite());
    const signedIn = client.call('session.signIn', { openBrowser: true });
    await until(() => Promise.resolve(browser.opened.length === 1));
    const chromium = await launchChromium();
    onTestFinished(() => chromium.close());
    const page = await chromium.newPage();
    await page.goto(browser.opened[0]!);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('You can close this tab').waitFor();
    expect(page.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/done$/);
    expect(await signedIn).toMatchObject({ status: 'signed-in' });
    const session = await page.context().newCDPSession(page);
    const { entries } = await session.send('Page.getNavigationHistory');
    const addresses = entries.map(({ url }) => url).join('\n');
    expect(addresses).not.toContain('code=');
    expect(addresses).not.toContain('/callback');
  });
});
