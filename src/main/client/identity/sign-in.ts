// One sign-in: a page in the browser, or a code for another device; then tokens and certificate. No state of its own.
import { AppError } from '../../../shared/errors.ts';
import type { SignInPrompt } from '../../../shared/model/session.ts';
import type { Membership } from '../device/membership.ts';
import type { StoredSession } from '../device/vault.ts';
import type { Log } from '../ports.ts';
import { inTime } from './in-time.ts';
import type { Tokens } from './oidc.ts';
import { type BrowserOptions, throughBrowser } from './through-browser.ts';
import { exchangeForCertificate } from './trust-certificate.ts';

export interface SignInOptions extends Pick<
  BrowserOptions,
  'ports' | 'onLinger' | 'stopped' | 'signal'
> {
  membership: Membership;
  /** `link`: the page is only shown. */
  by: 'browser' | 'link' | 'device-code';
  onPrompt: (prompt: SignInPrompt) => void;
}

async function signInWithBrowser(options: SignInOptions): Promise<Tokens> {
  const { membership, by, onPrompt } = options;
  // Loaded on first use: a start with a stored session does without.
  const { discoverIssuer } = await import('./oidc.ts');
  const issuer = await discoverIssuer(membership);
  return throughBrowser(
    {
      ...options,
      opensBrowser: by === 'browser',
      onPage: (url) => onPrompt({ by: 'browser', url }),
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

async function signIn(options: SignInOptions, log: Log): Promise<StoredSession> {
  const { membership, signal } = options;
  const approved = options.by === 'device-code' ? signInWithCode : signInWithBrowser;
  const tokens = await approved(options);
  signal.throwIfAborted();
  const session = await exchangeForCertificate(membership, tokens, log);
  signal.throwIfAborted();
  return session;
}

async function refreshSession(
  membership: Membership,
  { refreshToken, person }: StoredSession,
  onRotated: (refreshToken: string) => Promise<boolean>,
  log: Log,
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
  return exchangeForCertificate(membership, tokens, log);
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

export const createTrustProvider = (log: Log): TrustProvider => ({
  signIn: (options) => signIn(options, log),
  refresh: (membership, session, onRotated) => refreshSession(membership, session, onRotated, log),
  revoke: revokeSession,
});
