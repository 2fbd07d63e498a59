// The main job, in the built app as people see it: from the first launch to bytes through a connected service and back
// to nothing. Once in Electron (or its stand-in), once as a browser tab; against a real edge, with a real second browser.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Page } from 'playwright-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ensureBuild } from '../../scripts/lib/prepare.mjs';
import { skipWithoutChromium } from '../support/chromium.ts';
import { freePort } from '../support/foreign-servers.ts';
import { tabTo } from '../support/keys.ts';
import { openBrowserTab, openDesktopApp, type ShownApp } from '../support/shown-app.ts';
import { startEdge, type TestEdge } from '../support/start-edge.ts';
import { until } from '../support/until.ts';

beforeAll(() => ensureBuild(), 120_000);

const SHELLS: [string, (invite: string) => Promise<ShownApp>][] = [
  ['the desktop app', openDesktopApp],
  ['a browser tab', openBrowserTab],
];

describe.each(SHELLS)('in %s', (shell, open) => {
  it('leads from an invite to bytes through a service, and takes all of it back', async (ctx) => {
    skipWithoutChromium(ctx);
    const edge = await startEdge();
    onTestFinished(() => edge.stop());
    const app = await open(edge.invite);
    onTestFinished(() => app.stop());
    const { page, home } = app;
    const problems = watchForProblems(page);
    const loginFile = path.join(home, 'login-cert.pem');

    await tellingLogs(home, edge, async () => {
      await register(page);
      await signIn(app);
      await page.getByRole('heading', { name: 'Services' }).waitFor();
      expect(existsSync(loginFile)).toBe(true);

      await page.getByRole('button', { name: 'Connect HTTP API', exact: true }).click();
      const first = await localAddress(page, 'HTTP API');
      expect(await (await fetch(`http://${first}/hello`)).text()).toContain('/hello');

      const port = await freePort();
      await page.getByRole('button', { name: 'Details of HTTP API' }).click();
      await page.getByLabel('Listen port').fill(String(port));
      await page.getByRole('button', { name: 'Save' }).click();
      const moved = `${first.split(':')[0]}:${port}`;
      await until(async () => (await localAddress(page, 'HTTP API')) === moved);
      expect(await (await fetch(`http://${moved}/moved`)).text()).toContain('/moved');
      await leadsNowhere(edge, first);

      await page.getByRole('button', { name: 'Disconnect HTTP API' }).first().click();
      await page.getByRole('button', { name: 'Connect HTTP API', exact: true }).first().waitFor();
      await leadsNowhere(edge, moved);

      await page.getByRole('button', { name: 'Open Wiki', exact: true }).click();
      const wiki = await app.nextPage();
      const asks = wiki.getByRole('link', { name: 'Open Wiki' });
      if (shell === 'a browser tab') await asks.click();
      await wiki.waitForURL(/^http:\/\/wiki\.demo\.localhost/);
      expect(await wiki.evaluate('window.opener')).toBeNull();

      await page.getByRole('button', { name: /Session menu/ }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await page.getByRole('button', { name: 'Sign in with your browser' }).waitFor();
      expect(existsSync(loginFile)).toBe(false);
    });
    expect(problems).toEqual([]);
  });
});

it('needs no pointer, from the first launch to bytes', async (ctx) => {
  skipWithoutChromium(ctx);
  const edge = await startEdge();
  onTestFinished(() => edge.stop());
  const app = await openDesktopApp();
  onTestFinished(() => app.stop());
  const { page } = app;
  const { keyboard } = page;
  const enterOn = async (name: string): Promise<void> => {
    await tabTo(page, name);
    await keyboard.press('Enter');
  };

  await page.getByRole('heading', { name: 'Join your organisation' }).waitFor();
  await tabTo(page, 'Invite');
  await keyboard.insertText(edge.invite); // as Paste does
  await enterOn('Continue');
  await page.getByRole('heading', { name: 'Is this Demo?' }).waitFor();
  await enterOn('Yes, this is Demo');
  await page.getByRole('heading', { name: 'Register this computer' }).waitFor();
  const inMemory = page.getByRole('radio', { name: /^In memory only/ });
  await tabTo(page, /^In memory only/); // suggested by `npm start`, and chosen already
  await keyboard.press('ArrowUp');
  expect(await inMemory.isChecked()).toBe(false);
  await keyboard.press('ArrowDown');
  expect(await inMemory.isChecked()).toBe(true);
  await enterOn('Register');
  await page.getByRole('heading', { name: 'This computer is registered' }).waitFor();
  await enterOn('Sign in with your browser');
  const approval = await app.nextPage();
  await tabTo(approval, 'Sign in');
  await approval.keyboard.press('Enter');

  await page.getByRole('heading', { name: 'Services' }).waitFor();
  await keyboard.press('Control+k');
  await keyboard.type('http api');
  await page.getByRole('option', { name: /HTTP API/ }).waitFor();
  await keyboard.press('Enter');
  const address = await localAddress(page, 'HTTP API');
  expect(await (await fetch(`http://${address}/keys`)).text()).toContain('/keys');
  await enterOn('Disconnect HTTP API');
  await page.getByRole('button', { name: 'Connect HTTP API', exact: true }).first().waitFor();
});

/** Nothing reaches this organisation there any more. The port itself may have been given to another program by now. */
async function leadsNowhere(edge: TestEdge, address: string): Promise<void> {
  const audited = () => readFile(path.join(edge.data, 'audit.jsonl'), 'utf8');
  const before = await audited();
  await fetch(`http://${address}/`).then(
    (response) => response.text(),
    () => 'refused',
  );
  expect(await audited()).toBe(before);
}

/** A failure of the whole job says little by itself: what client and edge wrote is told with it. */
async function tellingLogs(home: string, edge: TestEdge, job: () => Promise<void>): Promise<void> {
  try {
    await job();
  } catch (error) {
    const client = await readFile(path.join(home, 'logs', 'banyan.log'), 'utf8').catch(String);
    const story = `client:\n${client}\nedge:\n${edge.logged.join('\n')}`;
    throw new Error(`${String(error)}\n\n${story}`, { cause: error });
  }
}

/** The invite came with the start; nothing happens before the yes. */
async function register(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Yes, this is Demo' }).click();
  await page.getByLabel('Name').fill('e2e-laptop');
  await page.getByText('In memory only').click();
  await page.getByRole('button', { name: 'Register' }).click();
}

/** Approved where a person does: in the browser that opens, or in the tab beside this one. */
async function signIn(app: ShownApp): Promise<void> {
  await app.page.getByRole('button', { name: 'Sign in with your browser' }).click();
  const approval = await app.nextPage();
  await approval.getByRole('button', { name: 'Sign in', exact: true }).click();
  await app.page.bringToFront(); // where the page was a tab beside it; Chromium draws no other
  await app.page.getByRole('heading', { name: 'Services' }).waitFor();
}

async function localAddress(page: Page, service: string): Promise<string> {
  const row = page.getByRole('listitem').filter({ hasText: service });
  const name = await row.getByRole('button', { name: /^Copy \S+:\d+$/ }).getAttribute('aria-label');
  return name?.replace('Copy ', '') ?? '';
}

/** Exceptions in the page, and what its content security policy had to stop. */
function watchForProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) problems.push(message.text());
  });
  return problems;
}
