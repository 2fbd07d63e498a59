// One sign-in: a page in the browser, its answer on a loopback port, tokens, certificate. No state of its own.
import { randomBytes } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import type { Membership } from '../device/membership.ts';
import type { StoredSession } from '../device/vault.ts';
import type { Browser, Clock, Log } from '../ports.ts';
import { listenForRedirect } from './redirect-listener.ts';
import { exchangeForCertificate } from './trust-certificate.ts';

const ANSWER_WITHIN_MS = 5 * 60_000;

export interface SignInOptions {
  ports: { browser: Browser; clock: Clock; log: Log };
  membership: Membership;
  openBrowser: boolean;
  onPage: (url: string) => void;
  /** The browser may still be fetching its last page: nobody waits for that, except a client that stops. */
  onLinger: (closed: Promise<void>) => void;
  /** Aborted when the person cancels: nothing may be changed afterwards. */
  signal: AbortSignal;
}

async function signInWithBrowser(options: SignInOptions): Promise<StoredSession> {
  const { ports, membership, signal } = options;
  // Loaded on first use: a start with a stored session does without.
  const { discoverIssuer } = await import('./oidc.ts');
  const issuer = await discoverIssuer(membership);
  const state = randomBytes(32).toString('base64url');
  const listener = await listenForRedirect(state);
  try {
    const attempt = await issuer.begin(listener.redirectUri, state);
    signal.throwIfAborted();
    options.onPage(attempt.url);
    if (options.openBrowser) {
      await ports.browser.open(attempt.url).catch((error: unknown) => {
        ports.log.warn('no browser could be opened; the address is shown instead', { error });
      });
    }
    const callback = await waitFor(listener.answer, ports.clock, signal);
    signal.throwIfAborted();
    const tokens = await attempt.finish(callback);
    signal.throwIfAborted();
    const session = await exchangeForCertificate(membership, tokens);
    signal.throwIfAborted();
    return session;
  } finally {
    options.onLinger(listener.close());
  }
}

async function refreshSession(
  membership: Membership,
  { refreshToken, person }: StoredSession,
): Promise<StoredSession> {
  if (!refreshToken) throw new AppError('identity/session-expired', 'This session has ended.');
  const { discoverIssuer } = await import('./oidc.ts');
  const issuer = await discoverIssuer(membership);
  const tokens = await issuer.refresh(refreshToken);
  if (tokens.claims.sub !== person.subject) {
    throw new AppError('identity/response-invalid', 'The renewed session is of another person.');
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
  refresh(membership: Membership, session: StoredSession): Promise<StoredSession>;
  revoke(membership: Membership, refreshToken: string): Promise<void>;
}

export const trustProvider: TrustProvider = {
  signIn: signInWithBrowser,
  refresh: refreshSession,
  revoke: revokeSession,
};

async function waitFor(answer: Promise<URL>, clock: Clock, signal: AbortSignal): Promise<URL> {
  let cancelTimer = (): void => {};
  const tooLate = new Promise<never>((_, reject) => {
    cancelTimer = clock.after(ANSWER_WITHIN_MS, () => {
      reject(
        new AppError('identity/sign-in-timed-out', 'Nobody finished the sign-in in the browser.'),
      );
    });
  });
  try {
    return await untilAborted(signal, Promise.race([answer, tooLate]));
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
