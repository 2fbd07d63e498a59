// One page for one person, in a browser of this computer, and its answer on a loopback port. Not what the page is for.
import { randomBytes } from 'node:crypto';
import { type ErrorCode, explain, toWireError } from '../../../shared/errors.ts';
import type { Browser, Clock, Log } from '../ports.ts';
import { inTime } from './in-time.ts';
import type { Attempt } from './oidc.ts';
import { listenForRedirect, type Opening } from './redirect-listener.ts';

const ANSWER_WITHIN_MS = 5 * 60_000;
/** Half of what our own issuer keeps a pushed request for; a browser that starts cold takes some of it. */
const PUSHED_IS_FRESH_MS = 30_000;
/** Why the page cannot be shown just now: whoever reloads it in a while may see it. Anything else would not change. */
const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'organisation/unreachable',
  'organisation/invalid-answer',
  'tunnel/upstream-proxy-failed',
]);

/** One page for one person, whatever it is for. */
export interface BrowserOptions {
  ports: { browser: Browser; clock: Clock; log: Log };
  /** false: the page is only shown, for whoever opens it in a browser of this computer. */
  opensBrowser: boolean;
  /** Good until this sign-in is over, and on this computer alone. */
  onPage: (url: string) => void;
  /** The browser may still fetch its last page, or come too late: nobody waits for that, except a client that stops. */
  onLinger: (closed: Promise<void>) => void;
  /** Aborted when the client stops. */
  stopped: AbortSignal;
  /** Aborted when the person cancels: nothing may be changed afterwards. */
  signal: AbortSignal;
}

/**
 * Shows a page and gives what comes of the browser's answer. Whatever keeps the page from being shown is told before a
 * browser is opened.
 */
export async function throughBrowser<Result>(
  options: BrowserOptions,
  begin: (redirectUri: string, state: string) => Promise<Attempt<Result>>,
): Promise<Result> {
  const { ports, signal } = options;
  const opened = openings(ports.clock, (state) => begin(listener.redirectUri, state));
  const listener = await listenForRedirect(opened);
  try {
    await opened.prepare();
    signal.throwIfAborted();
    options.onPage(listener.startUri);
    if (options.opensBrowser) {
      await ports.browser.open(listener.startUri).catch((error: unknown) => {
        ports.log.warn('no browser could be opened; the address is shown instead', { error });
      });
    }
    const tooLate = 'Nobody finished the sign-in in the browser.';
    const answered = Promise.race([listener.answer, opened.failed]);
    const callback = await inTime(answered, ANSWER_WITHIN_MS, tooLate, options);
    return await opened.attemptOf(callback).finish(callback);
  } finally {
    options.onLinger(listener.retire(options.stopped));
  }
}

/**
 * Each opening of the page is a request of its own, with state, nonce and verifier of its own (RFC 9700 2.1.1). The first
 * that is answered is the one that counts.
 */
function openings<Result>(clock: Clock, begin: (state: string) => Promise<Attempt<Result>>) {
  const attempts = new Map<string, Attempt<Result>>();
  let prepared: { url: string; at: number } | null = null;
  let fail = (_because: unknown): void => {};
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => {}); // told to whoever waits for an answer

  async function request(): Promise<string> {
    const state = randomBytes(32).toString('base64url');
    const attempt = await begin(state);
    attempts.set(state, attempt);
    return attempt.url;
  }

  function takePrepared(): string | null {
    if (!prepared) return null;
    const { url, at } = prepared;
    prepared = null;
    const age = clock.now() - at;
    return age >= 0 && age < PUSHED_IS_FRESH_MS ? url : null;
  }

  return {
    failed,
    states: () => attempts.keys(),

    /** For the first opening, so that it costs no second request. */
    async prepare(): Promise<void> {
      prepared = { url: await request(), at: clock.now() };
    },

    async onOpened(): Promise<Opening> {
      try {
        return { status: 'ready', url: takePrepared() ?? (await request()) };
      } catch (error) {
        const wire = toWireError(error);
        const goesOn = PASSING.has(wire.code);
        if (!goesOn) fail(error);
        return { status: 'failed', problem: explain(wire), goesOn };
      }
    },

    attemptOf(callback: URL): Attempt<Result> {
      const attempt = attempts.get(callback.searchParams.get('state') ?? '');
      if (!attempt) throw new Error('an answer that the listener should have refused');
      return attempt;
    },
  };
}
