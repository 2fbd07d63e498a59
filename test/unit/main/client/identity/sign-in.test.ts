import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../../../src/main/client/device/membership.ts';
import { trustProvider } from '../../../../../src/main/client/identity/sign-in.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';

const ISSUER = 'https://issuer.example';

/** One sign-in at an issuer that only has a discovery document; what it is asked for is written down. */
function aSignIn(open: (url: URL) => Promise<void>, signal: AbortSignal) {
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
    by: 'browser',
    onPrompt: () => {},
    onLinger: () => {},
    signal,
  });
  return { done, asked, clock };
}

async function approve(page: URL): Promise<void> {
  const callback = new URL(page.searchParams.get('redirect_uri') ?? '');
  callback.searchParams.set('code', 'code');
  callback.searchParams.set('state', page.searchParams.get('state') ?? '');
  callback.searchParams.set('iss', ISSUER);
  await (await fetch(callback)).text();
}

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
