// What the client holds of a session: the vault, the login files, and what everybody else sees of them. Changed by one
// at a time, so that what ends a session also removes what a renewal just wrote.
import { AppError, type WireError } from '../../../shared/errors.ts';
import { isSignedIn, type Session, type SessionEvent } from '../../../shared/model/session.ts';
import type { DeviceRunner } from '../device/registration.ts';
import type { StoredSession } from '../device/vault.ts';
import type { State } from '../state.ts';
import type { LoginFiles } from './login-files.ts';

export interface CredentialsOptions {
  state: State;
  device: DeviceRunner;
  loginFiles: LoginFiles;
  /** There are credentials, or other ones, or (null) none any more. */
  onCredentials: (session: StoredSession | null) => void;
  /** The certificate is over, the session may come back: nothing is opened, and what connects may wait. */
  onLapsed?: () => void;
  /** What waits for a certificate waits in vain. */
  onWaitInVain?: (because: WireError) => void;
  /** The organisation has ended the session: what is open refuses, with this reason, until the next sign-in. */
  onEnded?: (because: WireError) => void;
  /** Sign-out closes every way to a service; a session that only expires leaves them. */
  closeTunnels: () => Promise<void>;
}

/** Whoever renews them is told. */
interface Renewing {
  adopted(session: StoredSession): void;
  over(): void;
}

export type Credentials = ReturnType<typeof createCredentials>;

export function createCredentials(options: CredentialsOptions, renewal: () => Renewing) {
  const { state, device, loginFiles, onCredentials } = options;
  const { onLapsed = () => {}, onWaitInVain = () => {} } = options;
  /** Aborted by whatever ends the session; until the next sign-in, no renewal brings it back. */
  let life = new AbortController();
  let turns: Promise<unknown> = Promise.resolve();
  let stopping = false;
  let subjectBefore: string | null = null;

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turns.then(work);
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  /** What stayed open when a session ran out is not handed on to the next person at this computer. */
  async function endOtherPersons({ subject, name }: StoredSession['person']): Promise<void> {
    const before = subjectBefore;
    subjectBefore = subject;
    if (before === null || before === subject) return;
    onWaitInVain(new AppError('tunnel/cancelled', `${name} has signed in.`).toWire());
    await options.closeTunnels();
  }

  /** One that fails does not keep the other from being done. */
  async function forget(): Promise<void> {
    const results = await Promise.allSettled([loginFiles.remove(), device.saveSession(null)]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  const isAnother = (session: StoredSession | null): boolean =>
    device.session()?.certificate !== session?.certificate;

  return {
    life: (): AbortSignal => life.signal,

    inTurn,

    /** Everything that was begun is done. */
    settled: (): Promise<unknown> => turns,

    /** Files and vault first, then what everybody sees. Nothing stays of one that is not wanted any more. */
    adopt: (session: StoredSession, wanted: AbortSignal): Promise<Session> =>
      inTurn(async () => {
        wanted.throwIfAborted();
        const { root: ca } = device.requireMembership();
        await device.saveSession(session);
        const { key, certificate, sshCertificate } = session;
        await loginFiles.write({ ca, key, certificate, ...(sshCertificate && { sshCertificate }) });
        // A client that stops keeps what it has: the next start takes it up.
        if (wanted.aborted && !stopping) {
          await forget();
          wanted.throwIfAborted();
        }
        if (life.signal.aborted) life = new AbortController();
        await endOtherPersons(session.person);
        onCredentials(session);
        renewal().adopted(session);
        const { person, expiresAt } = session;
        return state.session({ type: 'signed-in', person, expiresAt });
      }),

    /** Of a renewal that runs: kept at once, because the one before is worth nothing any more. False: not wanted. */
    rotated: (before: StoredSession, refreshToken: string): Promise<boolean> =>
      inTurn(async () => {
        const held = device.session();
        const isHeld = held !== null && held.refreshToken === before.refreshToken;
        if (isHeld && (stopping || !life.signal.aborted)) {
          await device.saveSession({ ...held, refreshToken });
          return true;
        }
        return stopping; // on the way out nothing is taken back: the next start may need it
      }),

    /** At the start. Its certificate is of no use any more; what may renew it is kept. */
    foundExpired: ({ person, refreshToken }: StoredSession, because: AppError): Promise<void> =>
      inTurn(async () => {
        try {
          if (refreshToken === undefined) await forget();
          else await loginFiles.remove();
        } finally {
          state.session({ type: 'found-expired', person, error: because.toWire() });
        }
      }),

    /** From here on nothing is renewed, and nobody connects. */
    withdraw(because: AppError): void {
      life.abort();
      renewal().over();
      onWaitInVain(because.toWire());
      onCredentials(null);
    },

    /** By time alone. What is open stays open, and what the organisation did not take back may renew it later. */
    lapse: (
      ending: StoredSession | null,
      because: WireError,
      mayComeBack: () => boolean,
    ): Promise<void> =>
      inTurn(async () => {
        if (!isSignedIn(state.slices.session) || isAnother(ending)) return;
        renewal().over();
        onLapsed();
        try {
          if (mayComeBack()) await loginFiles.remove();
          else await forget();
        } finally {
          state.session({ type: 'expired', error: because });
        }
      }),

    /** Said when it is true: the files are gone, or will not go. */
    end: (event: SessionEvent): Promise<void> =>
      inTurn(async () => {
        try {
          await forget();
        } finally {
          state.session(event);
        }
      }),

    isStopping: (): boolean => stopping,

    stop(): void {
      stopping = true;
      life.abort();
    },
  };
}
