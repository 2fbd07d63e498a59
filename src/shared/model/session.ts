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
/** Where the person finishes a sign-in that runs. */
export type SignInPrompt =
  | { by: 'browser'; url: string }
  /** At any device (RFC 8628): whoever opens `url` there types the code, `urlWithCode` brings it along. */
  | { by: 'device-code'; userCode: string; url: string; urlWithCode: string; expiresAt: number };

interface SigningIn {
  status: 'signing-in';
  /** Where a failed or cancelled sign-in goes back to. */
  before: SignedOut | Expired;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Null until the issuer has accepted the request. */
  prompt: SignInPrompt | null;
}
/** The end is near and nothing renews it in silence: why, where an error is the reason. */
export interface Ending {
  because: WireError | null;
}
interface SignedIn {
  status: 'signed-in' | 'renewing';
  person: Person;
  /** End of TrustToken and TrustCert, milliseconds since the epoch. */
  expiresAt: number;
  ending?: Ending;
}
/** Signed in, and signing in again before the end. */
interface Extending {
  status: 'extending';
  person: Person;
  expiresAt: number;
  ending: Ending;
  startedAt: number;
  prompt: SignInPrompt | null;
}

export type Session = SignedOut | SigningIn | SignedIn | Extending | Expired;

export type SessionEvent =
  | { type: 'sign-in-started'; at: number }
  | { type: 'sign-in-prompted'; prompt: SignInPrompt | null }
  | { type: 'sign-in-failed'; error: WireError }
  | { type: 'sign-in-cancelled' }
  | { type: 'signed-in'; person: Person; expiresAt: number }
  | { type: 'renewal-started' }
  | { type: 'renewal-failed' }
  | { type: 'ends-soon'; because: WireError | null }
  | { type: 'found-expired'; person: Person; error: WireError }
  | { type: 'expired'; error: WireError }
  | { type: 'signed-out'; because?: WireError };

export const signedOut: Session = { status: 'signed-out' };

/** Pure transition; an event that means nothing now returns the same object. */
export function nextSession(session: Session, event: SessionEvent): Session {
  switch (event.type) {
    case 'sign-in-started':
      if (canSignIn(session)) {
        return { status: 'signing-in', before: session, startedAt: event.at, prompt: null };
      }
      return canExtend(session)
        ? { ...session, status: 'extending', startedAt: event.at, prompt: null }
        : session;
    case 'sign-in-prompted':
      return isSigningIn(session) ? { ...session, prompt: event.prompt } : session;
    case 'sign-in-failed':
      if (session.status === 'extending') return notExtended(session, { because: event.error });
      return session.status === 'signing-in'
        ? { ...session.before, because: event.error }
        : session;
    case 'sign-in-cancelled':
      if (session.status === 'extending') return notExtended(session, session.ending);
      return session.status === 'signing-in' ? session.before : session;
    case 'signed-in':
      return isSigningIn(session) || session.status === 'renewing'
        ? { status: 'signed-in', person: event.person, expiresAt: event.expiresAt }
        : session;
    case 'renewal-started':
      return session.status === 'signed-in' ? { ...session, status: 'renewing' } : session;
    case 'renewal-failed':
      return session.status === 'renewing' ? { ...session, status: 'signed-in' } : session;
    case 'ends-soon':
      return session.status === 'signed-in' || session.status === 'renewing'
        ? { ...session, ending: { because: event.because } }
        : session;
    case 'expired':
      return expired(session, event.error);
    case 'found-expired':
      return session.status === 'signed-out'
        ? { status: 'expired', person: event.person, because: event.error }
        : session;
    case 'signed-out':
      // From anywhere: sign-out, unregistering and a session ended by the organisation must always win.
      return { status: 'signed-out', ...(event.because && { because: event.because }) };
    default:
      return exhaustive(event);
  }
}

/** A sign-in that runs goes on, and remembers that nothing is left to go back to. */
function expired(session: Session, because: WireError): Session {
  switch (session.status) {
    case 'signed-in':
    case 'renewing':
      return { status: 'expired', person: session.person, because };
    case 'extending': {
      const { person, startedAt, prompt } = session;
      const before: Expired = { status: 'expired', person, because };
      return { status: 'signing-in', before, startedAt, prompt };
    }
    case 'signing-in':
      return { ...session, before: { ...session.before, because } };
    case 'signed-out':
    case 'expired':
      return session;
    default:
      return exhaustive(session);
  }
}

const notExtended = ({ person, expiresAt }: Extending, ending: Ending): Session => ({
  status: 'signed-in',
  person,
  expiresAt,
  ending,
});

export const canSignIn = (session: Session): session is SignedOut | Expired =>
  session.status === 'signed-out' || session.status === 'expired';

/** Only when nothing renews it in silence. */
export const canExtend = (session: Session): session is SignedIn & { ending: Ending } =>
  (session.status === 'signed-in' || session.status === 'renewing') && session.ending !== undefined;

/** A person has something to finish, or soon will. */
export const isSigningIn = (session: Session): session is SigningIn | Extending =>
  session.status === 'signing-in' || session.status === 'extending';

/** A certificate exists and is inside its life, so services can be connected. */
export const isSignedIn = (session: Session): session is SignedIn | Extending =>
  session.status === 'signed-in' || session.status === 'renewing' || session.status === 'extending';
