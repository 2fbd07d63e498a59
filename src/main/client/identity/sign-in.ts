// One sign-in: a page in the browser with its answer on a loopback port, or a code for another device; then tokens and
// certificate. No state of its own.
import { randomBytes } from 'node:crypto';
import { AppError, type ErrorCode, explain, toWireError } from '../../../shared/errors.ts';
import type { SignInPrompt } from '../../../shared/model/session.ts';
import type { Membership } from '../device/membership.ts';
import type { StoredSession } from '../device/vault.ts';
import type { Browser, Clock, Log } from '../ports.ts';
import type { Attempt, Tokens } from './oidc.ts';
import { listenForRedirect, type Opening } from './redirect-listener.ts';
import { exchangeForCertificate } from './trust-certificate.ts';

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

export interface SignInOptions extends Pick<
  BrowserOptions,
  'ports' | 'onLinger' | 'stopped' | 'signal'
> {
  membership: Membership;
  /** `link`: the page is only shown. */
  by: 'browser' | 'link' | 'device-code';
  onPrompt: (prompt: SignInPrompt) => void;
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

async function signInWithBrowser(options: SignInOptions): Promise<Tokens> {
  const { ports, membership, by, onPrompt, onLinger, stopped, signal } = options;
  // Loaded on first use: a start with a stored session does without.
  const { discoverIssuer } = await import('./oidc.ts');
  const issuer = await discoverIssuer(membership);
  return throughBrowser(
    {
      ports,
      opensBrowser: by === 'browser',
      onPage: (url) => onPrompt({ by: 'browser', url }),
      onLinger,
      stopped,
      signal,
    },
    (redirectUri, state) => issuer.begin(redirectUri, state),
  );
}

async function signInWithCode(options: SignInOptions): Promise<Tokens> {
  const { ports, membership, signal } = options;
  const { discoverIssuer } = await import('./oidc.ts');
  const issuer = await discoverIssuer(membership);
  const { lifeMs, finish, ...shown } = await issuer.beginWithCode();
  signal.throwIfAborted();
  options.onPrompt({ by: 'device-code', ...shown, expiresAt: ports.clock.now() + lifeMs });
  const over = new AbortController();
  try {
    const tooLate = 'The code expired before anybody approved it.';
    return await inTime(finish(over.signal), lifeMs, tooLate, options);
  } finally {
    over.abort();
  }
}

async function signIn(options: SignInOptions): Promise<StoredSession> {
  const { membership, signal } = options;
  const approved = options.by === 'device-code' ? signInWithCode : signInWithBrowser;
  const tokens = await approved(options);
  signal.throwIfAborted();
  const session = await exchangeForCertificate(membership, tokens);
  signal.throwIfAborted();
  return session;
}

async function refreshSession(
  membership: Membership,
  { refreshToken, person }: StoredSession,
  onRotated: (refreshToken: string) => Promise<boolean>,
): Promise<StoredSession> {
  if (!refreshToken) throw new AppError('identity/session-expired', 'This session has ended.');
  const { discoverIssuer } = await import('./oidc.ts');
  const issuer = await discoverIssuer(membership);
  const tokens = await issuer.refresh(refreshToken);
  if (tokens.claims.sub !== person.subject) {
    throw new AppError('identity/response-invalid', 'The renewed session is of another person.');
  }
  // The one before is worth nothing any more, whatever becomes of the certificate below.
  if (tokens.refreshToken && tokens.refreshToken !== refreshToken) {
    if (!(await onRotated(tokens.refreshToken))) {
      await issuer.revoke(tokens.refreshToken);
      throw new AppError('identity/session-expired', 'It was ended while it was renewed.');
    }
  }
  return exchangeForCertificate(membership, tokens);
}

async function revokeSession(membership: Membership, refreshToken: string): Promise<void> {
  const { discoverIssuer } = await import('./oidc.ts');
  const issuer = await discoverIssuer(membership);
  await issuer.revoke(refreshToken);
}

/** Gives sessions and takes them back. */
export interface TrustProvider {
  signIn(options: SignInOptions): Promise<StoredSession>;
  refresh(
    membership: Membership,
    session: StoredSession,
    /** There is another refresh token now. False: nobody wants it any more, so it is revoked. */
    onRotated: (refreshToken: string) => Promise<boolean>,
  ): Promise<StoredSession>;
  revoke(membership: Membership, refreshToken: string): Promise<void>;
}

export const trustProvider: TrustProvider = {
  signIn,
  refresh: refreshSession,
  revoke: revokeSession,
};

async function inTime<Result>(
  work: Promise<Result>,
  withinMs: number,
  tooLate: string,
  { ports, signal }: Pick<SignInOptions, 'ports' | 'signal'>,
): Promise<Result> {
  let cancelTimer = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancelTimer = ports.clock.after(withinMs, () => {
      reject(new AppError('identity/sign-in-timed-out', tooLate));
    });
  });
  try {
    return await untilAborted(signal, Promise.race([work, late]));
  } finally {
    cancelTimer();
  }
}

/** The work, or the reason of the abort when that comes first. */
export function untilAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const aborted = new Promise<never>((_, reject) => {
    const refuse = (): void => reject(signal.reason as Error);
    // One that was aborted before tells nobody any more.
    if (signal.aborted) refuse();
    else signal.addEventListener('abort', refuse, { once: true });
  });
  return Promise.race([aborted, work]);
}
