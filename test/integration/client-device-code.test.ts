// A sign-in at another device, as the client does it: code and link in its state, the rest as with a browser.
import { describe, expect, it, onTestFinished } from 'vitest';
import { approveCode, approveSignIn } from '../../scripts/lib/approve-sign-in.mjs';
import type { Slices } from '../../src/shared/ipc/contract.ts';
import { isSigningIn, type SignInPrompt } from '../../src/shared/model/session.ts';
import { scriptedBrowser } from '../fakes/scripted-browser.ts';
import { exchangeBytes } from '../support/bytes.ts';
import { startClient } from '../support/start-client.ts';
import { startEdge } from '../support/start-edge.ts';

type Code = Extract<SignInPrompt, { by: 'device-code' }>;

const codeIn = ({ session }: Slices): Code | null =>
  isSigningIn(session) && session.prompt?.by === 'device-code' ? session.prompt : null;

async function registered(lifetimes = {}, options: Parameters<typeof startClient>[0] = {}) {
  const edge = await startEdge({ lifetimes: { pollEvery: 1, ...lifetimes } });
  const client = await startClient(options);
  onTestFinished(async () => {
    await client.stop();
    await edge.stop();
  });
  await client.register(await edge.edge.createInvite());
  const shown = async (): Promise<Code> =>
    codeIn(await client.until((all) => codeIn(all) !== null))!;
  return { edge, client, shown };
}

describe('a sign-in with a code', () => {
  it('shows page and code, opens nothing here, and goes on when it is approved there', async () => {
    const browser = scriptedBrowser();
    const { edge, client, shown } = await registered({}, { browser });
    const signedIn = client.call('session.signInWithCode', {});
    const code = await shown();
    expect(code.userCode).toMatch(/^[B-Z]{4}-[B-Z]{4}$/);
    expect(code.url).toBe(`${edge.browserOrigin}/device`);
    expect(code.urlWithCode).toBe(`${code.url}?user_code=${code.userCode}`);
    await approveCode(code.urlWithCode);
    expect(await signedIn).toMatchObject({ status: 'signed-in' });
    expect(browser.opened).toEqual([]);
    await client.call('catalog.refresh', {});
    const tunnel = await client.call('tunnel.open', { service: 'echo.demo.bnn' });
    const port = tunnel.status === 'open' ? tunnel.address.port : 0;
    expect(await exchangeBytes(port, 'through')).toBe('through');
  });

  it('that is denied there leaves her signed out, with the reason', async () => {
    const { client, shown } = await registered();
    const signedIn = client.call('session.signInWithCode', {});
    const refused = expect(signedIn).rejects.toMatchObject({ code: 'identity/sign-in-denied' });
    await approveCode((await shown()).urlWithCode, { decision: 'abort' });
    await refused;
    expect(client.slices().session).toMatchObject({
      status: 'signed-out',
      because: { code: 'identity/sign-in-denied' },
    });
  });

  it('that nobody approves in time says so', async () => {
    const { client } = await registered({ signInPage: 2 });
    await expect(client.call('session.signInWithCode', {})).rejects.toMatchObject({
      code: 'identity/sign-in-timed-out',
    });
    expect(client.slices().session).toMatchObject({ status: 'signed-out' });
  });

  it('can be cancelled', async () => {
    const { client, shown } = await registered();
    const signedIn = client.call('session.signInWithCode', {});
    const refused = expect(signedIn).rejects.toMatchObject({ code: 'identity/sign-in-cancelled' });
    await shown();
    await client.call('session.cancelSignIn', {});
    await refused;
    expect(client.slices().session).toEqual({ status: 'signed-out' });
  });

  it('takes over from the page in the browser, which is no use any more', async () => {
    const browser = scriptedBrowser();
    const { client, shown } = await registered({}, { browser });
    const first = client.call('session.signIn', { openBrowser: true });
    await client.until(({ session }) => session.status === 'signing-in' && session.prompt !== null);
    const second = client.call('session.signInWithCode', {});
    const code = await shown();
    await expect(approveSignIn(browser.opened[0]!)).rejects.toThrow('This sign-in is over');
    await approveCode(code.urlWithCode);
    expect((await first).status).toBe('signed-in');
    expect((await second).status).toBe('signed-in');
    expect(browser.opened).toHaveLength(1);
  });
});
