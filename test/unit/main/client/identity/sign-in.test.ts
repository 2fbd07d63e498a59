import { afterEach, describe, expect, it, vi } from 'vitest';
import { pageBehind } from '../../../../../scripts/lib/approve-sign-in.mjs';
import type { Membership } from '../../../../../src/main/client/device/membership.ts';
import { createTrustProvider } from '../../../../../src/main/client/identity/sign-in.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import type { SignInPrompt } from '../../../../../src/shared/model/session.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';

const trustProvider = createTrustProvider(recordingLog());

const ISSUER = 'https://issuer.example';
const CODE_WITHOUT_TLS = {
  device_code: 'device',
  user_code: 'WDJB-MJHT',
  verification_uri: 'http://issuer.example/device',
  expires_in: 600,
};

/** One sign-in at an issuer that only has a discovery document; what it is asked for is written down. */
function aSignIn(
  open: (url: URL) => Promise<void>,
  signal: AbortSignal,
  by: 'browser' | 'device-code' = 'browser',
) {
  const asked: string[] = [];
  const membership = {
    document: { issuer: ISSUER, name: 'Demo' },
    deviceId: 'device',
    connection: {
      ask({ url }: { url: string }) {
        asked.push(new URL(url).pathname);
        const body = JSON.stringify({
          issuer: ISSUER,
          authorization_endpoint: `${ISSUER}/auth`,
          token_endpoint: `${ISSUER}/token`,
          device_authorization_endpoint: `${ISSUER}/device/auth`,
          ...CODE_WITHOUT_TLS,
          jwks_uri: `${ISSUER}/jwks`,
          response_types_supported: ['code'],
          authorization_response_iss_parameter_supported: true,
        });
        return Promise.resolve({
          status: 200,
          headers: { 'content-type': 'application/json' },
          body,
        });
      },
    },
  } as unknown as Membership;
  const clock = manualClock();
  const done = trustProvider.signIn({
    ports: { browser: { open: (url) => open(new URL(url)) }, clock, log: recordingLog() },
    membership,
    by,
    onPrompt: () => {},
    onLinger: () => {},
    stopped: AbortSignal.abort(),
    signal,
  });
  return { done, asked, clock };
}

async function approve(start: URL): Promise<void> {
  const page = await pageBehind(start.href);
  const callback = new URL(page.searchParams.get('redirect_uri') ?? '');
  callback.searchParams.set('code', 'code');
  callback.searchParams.set('state', page.searchParams.get('state') ?? '');
  callback.searchParams.set('iss', ISSUER);
  await (await fetch(callback)).text();
}

describe('a sign-in with a code', () => {
  afterEach(() => void vi.useRealTimers());

  it('asks again after a question without an answer, with a longer pause, until it is told', async () => {
    await import('../../../../../src/main/client/identity/oidc.ts'); // loaded on first use, in real time
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const asked: number[] = [];
    let passed = 0;
    const answers: (() => Promise<{ status: number; body: object }>)[] = [
      () => Promise.reject(new AppError('organisation/unreachable', 'No network.')),
      () => Promise.resolve({ status: 400, body: { error: 'slow_down' } }),
      () => Promise.resolve({ status: 400, body: { error: 'access_denied' } }),
    ];
    const metadata = {
      issuer: ISSUER,
      device_authorization_endpoint: `${ISSUER}/device/auth`,
      token_endpoint: `${ISSUER}/token`,
    };
    const given = {
      device_code: 'device',
      user_code: 'WDJB-MJHT',
      verification_uri: `${ISSUER}/device`,
      expires_in: 600,
      interval: 5,
    };
    const json = async ({ url }: { url: string }) => {
      const { pathname } = new URL(url);
      if (pathname === '/token') asked.push(passed);
      const answer =
        pathname === '/token'
          ? await answers[asked.length - 1]!()
          : { status: 200, body: pathname === '/device/auth' ? given : metadata };
      const headers = { 'content-type': 'application/json' };
      return { status: answer.status, headers, body: JSON.stringify(answer.body) };
    };
    const prompts: SignInPrompt[] = [];
    const done = trustProvider.signIn({
      ports: {
        browser: { open: () => Promise.reject() },
        clock: manualClock(),
        log: recordingLog(),
      },
      membership: {
        document: { issuer: ISSUER, name: 'Demo' },
        deviceId: 'device',
        connection: { ask: json },
      } as unknown as Membership,
      by: 'device-code',
      onPrompt: (prompt) => void prompts.push(prompt),
      onLinger: () => {},
      stopped: AbortSignal.abort(),
      signal: new AbortController().signal,
    });
    const refused = expect(done).rejects.toMatchObject({ code: 'identity/sign-in-denied' });
    for (; asked.length < 3 && passed < 60; passed += 1) await vi.advanceTimersByTimeAsync(1_000);
    await refused;
    expect(prompts).toMatchObject([{ userCode: 'WDJB-MJHT', urlWithCode: `${ISSUER}/device` }]);
    const [first = 0, second = 0, third = 0] = asked;
    expect(second - first).toBeGreaterThanOrEqual(9);
    expect(third - second).toBeGreaterThanOrEqual(14);
  });

  it('shows no page that is not under TLS', async () => {
    const { done } = aSignIn(() => Promise.resolve(), new AbortController().signal, 'device-code');
    await expect(done).rejects.toMatchObject({ code: 'organisation/invalid-answer' });
  });
});

describe('a sign-in', () => {
  it.each(['before anybody answered', 'after the answer'])(
    'that is cancelled while the browser starts, %s, asks for nothing more',
    async (when) => {
      const cancel = new AbortController();
      const { done, asked } = aSignIn(async (page) => {
        if (when === 'after the answer') await approve(page);
        cancel.abort(new Error('cancelled'));
      }, cancel.signal);
      await expect(done).rejects.toThrow('cancelled');
      expect(asked).toEqual(['/.well-known/openid-configuration']);
    },
  );

  it('that nobody finishes in five minutes says so', async () => {
    let opened = (): void => {};
    const isOpened = new Promise<void>((resolve) => (opened = resolve));
    const { done, clock } = aSignIn(() => Promise.resolve(opened()), new AbortController().signal);
    const refused = expect(done).rejects.toMatchObject({ code: 'identity/sign-in-timed-out' });
    await isOpened;
    await new Promise(setImmediate);
    clock.advance(5 * 60_000);
    await refused;
  });
});
