// The signed-in person: a closed union, its transition, and what may be done in each state.
import type { WireError } from '../errors.ts';
import { exhaustive } from '../exhaustive.ts';

export interface Person {
  /** Subject identifier of the issuer (OpenID Connect Core 2). */
  subject: string;
  name: string;
  email: string;
  groups: readonly string[];
}

interface SignedOut {
  status: 'signed-out';
  /** Why, when it was not the person's own wish. */
  because?: WireError;
}
interface Expired {
  status: 'expired';
  person: Person;
  because: WireError;
}
interface SigningIn {
  status: 'signing-in';
  /** Where a failed or cancelled sign-in goes back to. */
  before: SignedOut | Expired;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** The page to approve at, once the issuer has accepted the request; for people whose browser did not open. */
  signInUrl: string | null;
}
interface SignedIn {
  status: 'signed-in' | 'renewing';
  person: Person;
  /** End of TrustToken and TrustCert, milliseconds since the epoch. */
  expiresAt: number;
}

export type Session = SignedOut | SigningIn | SignedIn | Expired;

export type SessionEvent =
  | { type: 'sign-in-started'; at: number }
  | { type: 'sign-in-page-ready'; url: string }
  | { type: 'sign-in-failed'; error: WireError }
  | { type: 'sign-in-cancelled' }
  | { type: 'signed-in'; person: Person; expiresAt: number }
  | { type: 'renewal-started' }
  | { type: 'renewal-failed' }
  | { type: 'expired'; error: WireError }
  | { type: 'signed-out'; because?: WireError };

export const signedOut: Session = { status: 'signed-out' };

/** Pure transition; an event that means nothing now returns the same object. */
export function nextSession(session: Session, event: SessionEvent): Session {
  switch (event.type) {
    case 'sign-in-started':
      return canSignIn(session)
        ? { status: 'signing-in', before: session, startedAt: event.at, signInUrl: null }
        : session;
    case 'sign-in-page-ready':
      return session.status === 'signing-in' ? { ...session, signInUrl: event.url } : session;
    case 'sign-in-failed':
      return session.status === 'signing-in'
        ? { ...session.before, because: event.error }
        : session;
    case 'sign-in-cancelled':
      return session.status === 'signing-in' ? session.before : session;
    case 'signed-in':
      return session.status === 'signing-in' || session.status === 'renewing'
        ? { status: 'signed-in', person: event.person, expiresAt: event.expiresAt }
        : session;
    case 'renewal-started':
      return session.status === 'signed-in' ? { ...session, status: 'renewing' } : session;
    case 'renewal-failed':
      return session.status === 'renewing' ? { ...session, status: 'signed-in' } : session;
    case 'expired':
      return session.status === 'signed-in' || session.status === 'renewing'
        ? { status: 'expired', person: session.person, because: event.error }
        : session;
    case 'signed-out':
      // From anywhere: sign-out, unregistering and a session ended by the organisation must always win.
      return { status: 'signed-out', ...(event.because && { because: event.because }) };
    default:
      return exhaustive(event);
  }
}

export const canSignIn = (session: Session): session is SignedOut | Expired =>
  session.status === 'signed-out' || session.status === 'expired';

/** A certificate exists and is inside its life, so services can be connected. */
export const isSignedIn = (session: Session): session is SignedIn =>
  session.status === 'signed-in' || session.status === 'renewing';
