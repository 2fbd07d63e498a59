// The page of a sign-in without an organisation: which request an opening leads to, and what ends the wait.
import { describe, expect, it, onTestFinished } from 'vitest';
import { throughBrowser } from '../../../../../src/main/client/identity/through-browser.ts';
import { AppError, type ErrorCode } from '../../../../../src/shared/errors.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedBrowser } from '../../../../fakes/scripted-browser.ts';

/** A wait whose requests are numbered; the page of each is an address that nobody opens. */
function aWait() {
  const clock = manualClock();
  const stopped = new AbortController();
  onTestFinished(() => stopped.abort());
  const begun: { redirectUri: string; state: string }[] = [];
  let broken: ErrorCode | null = null;
  let show = (_url: string): void => {};
  const shown = new Promise<string>((resolve) => (show = resolve));
  const done = throughBrowser<string>(
    {
      ports: { browser: scriptedBrowser(), clock, log: recordingLog() },
      opensBrowser: true,
      onPage: show,
      onLinger: () => {},
      stopped: stopped.signal,
      signal: new AbortController().signal,
    },
    (redirectUri, state) => {
      if (broken) return Promise.reject(new AppError(broken, 'It is so.'));
      const number = begun.push({ redirectUri, state });
      return Promise.resolve({
        url: `https://issuer.example/auth?request=${number}`,
        finish: () => Promise.resolve(`answer ${number}`),
      });
    },
  );
  done.catch(() => {});
  const open = async (): Promise<{ status: number; location: string | null; text: string }> => {
    const response = await fetch(await shown, { redirect: 'manual' });
    const location = response.headers.get('location');
    return { status: response.status, location, text: await response.text() };
  };
  const answer = async (number: number): Promise<number> => {
    const { redirectUri = '', state = '' } = begun[number - 1] ?? {};
    return (await fetch(`${redirectUri}?code=c&state=${state}`)).status;
  };
  return { clock, shown, begun, done, open, answer, fail: (code: ErrorCode) => (broken = code) };
}

const page = (number: number): string => `https://issuer.example/auth?request=${number}`;

describe('an opening of the page', () => {
  it('takes the request that was begun before it, once, while that is fresh', async () => {
    const { open, begun } = aWait();
    expect((await open()).location).toBe(page(1));
    expect((await open()).location).toBe(page(2));
    expect(begun).toHaveLength(2);
  });

  it('begins another one when that is too old, or the clock was set back', async () => {
    for (const passed of [30_000, -1]) {
      const { open, clock, shown } = aWait();
      await shown;
      clock.advance(passed);
      expect((await open()).location).toBe(page(2));
    }
  });

  it('of any request may be the one that is answered, and the first answer counts', async () => {
    const { open, answer, done, begun } = aWait();
    for (let opening = 0; opening < 3; opening += 1) await open();
    expect(new Set(begun.map(({ state }) => state)).size).toBe(3);
    expect(await answer(2)).toBe(200);
    expect(await done).toBe('answer 2');
    expect(await answer(3)).toBe(410);
    expect((await open()).status).toBe(410);
  });

  it.each<ErrorCode>(['organisation/unreachable', 'organisation/invalid-answer'])(
    'that fails with %s leaves the wait as it is, and works later',
    async (code) => {
      const { open, fail, answer, done, begun } = aWait();
      await open();
      fail(code);
      const failed = await open();
      expect(failed.status).toBe(502);
      expect(failed.text).toContain('It is so.');
      expect(failed.text).toContain('Reload this page');
      expect(begun).toHaveLength(1);
      await answer(1);
      expect(await done).toBe('answer 1');
    },
  );

  it.each<ErrorCode>(['device/certificate-refused', 'identity/clock-skew'])(
    'that fails with %s ends the wait with that',
    async (code) => {
      const { open, fail, done } = aWait();
      await open();
      fail(code);
      expect((await open()).text).toContain('Go back to Banyan');
      await expect(done).rejects.toMatchObject({ code });
      expect((await open()).text).toContain('This sign-in is over');
    },
  );
});

describe('a page', () => {
  it('is not shown at all where its first request fails', async () => {
    const shown: string[] = [];
    const stopped = new AbortController();
    const browser = scriptedBrowser();
    const refused = throughBrowser(
      {
        ports: { browser, clock: manualClock(), log: recordingLog() },
        opensBrowser: true,
        onPage: (url) => shown.push(url),
        onLinger: () => {},
        stopped: stopped.signal,
        signal: new AbortController().signal,
      },
      () => Promise.reject(new AppError('organisation/unreachable', 'No.')),
    );
    await expect(refused).rejects.toMatchObject({ code: 'organisation/unreachable' });
    expect([...shown, ...browser.opened]).toEqual([]);
    stopped.abort();
  });
});
