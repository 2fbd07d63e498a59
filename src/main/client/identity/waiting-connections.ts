// Connections wait for a certificate that has expired: one renewal for all of them, in silence where that is possible,
// else with the person, else whenever the person clicks.
import { toWireError, type WireError } from '../../../shared/errors.ts';
import { isSignedIn, type Session } from '../../../shared/model/session.ts';
import type { ClientPorts } from '../ports.ts';
import { createAutomaticSignIn } from './automatic-sign-in.ts';

/** `refused`: for good, so that only the person can help. An error: the reason why it did not work this time. */
export type SilentOutcome = 'renewed' | 'refused' | WireError;

/** What the session does, one step at a time. */
export interface Steps {
  current(): Session;
  /** Of a session that is signed in, whatever its clock says. */
  renew(): Promise<SilentOutcome>;
  /** Of a session that has lapsed. */
  comeBack(): Promise<SilentOutcome>;
  /** Throws where no sign-in could succeed: this app is too old for its organisation. */
  requireNewEnough(): Promise<void>;
  /** Shows the page. Failures are told to `failed`, as those of the person's own sign-ins are. */
  signIn(): Promise<unknown>;
  /** True when a sign-in ran or runs, whose end is told anyway. */
  isSigningIn(): Promise<boolean>;
  /** Whether the session has been ended, or the client stopped, since this was asked for. */
  watchEnd(): () => boolean;
}

export interface WaitingOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'notifier'>;
  steps: Steps;
  /** What waits, waits in vain. */
  onWaitInVain: (because: WireError) => void;
}

export function createWaitingConnections({ ports, steps, onWaitInVain }: WaitingOptions) {
  const automatic = createAutomaticSignIn(ports.clock);
  let helping: Promise<void> | null = null;

  function failed(error: unknown): void {
    const wire = toWireError(error);
    automatic.failed(wire);
    onWaitInVain(wire);
  }

  async function help(): Promise<void> {
    const isOver = steps.watchEnd();
    if (isSignedIn(steps.current()) && isSettled(await steps.renew())) return;
    if ((await steps.isSigningIn()) || isOver()) return;
    if (steps.current().status !== 'expired' || isSettled(await steps.comeBack())) return;
    if ((await steps.isSigningIn()) || isOver()) return; // the person was faster
    await steps.requireNewEnough();
    if (!automatic.takePage()) {
      return ports.log.info('connections wait for a click; no page is opened so soon again');
    }
    ports.notifier?.show({
      kind: 'session',
      title: 'Sign in to go on',
      body: 'Your session has ended and connections are waiting. The sign-in page is open in your browser.',
    });
    await steps.signIn().catch(() => {}); // told to those who wait
  }

  /** Nothing is left to do: it worked, or it did not for a reason that a page would not change. */
  function isSettled(outcome: SilentOutcome): boolean {
    if (typeof outcome === 'object') {
      automatic.failed(outcome);
      onWaitInVain(outcome);
    }
    return outcome !== 'refused';
  }

  return {
    failed,

    /** Asked as often as anybody likes. */
    help(): void {
      if (helping) return;
      const reason = automatic.justFailed();
      if (reason) return onWaitInVain(reason);
      helping = help()
        .catch((error: unknown) => {
          ports.log.error('could not help connections that wait', { error });
          failed(error);
        })
        .finally(() => (helping = null));
    },

    isHelping: (): boolean => helping !== null,

    stopped: (): Promise<void> => helping ?? Promise.resolve(),
  };
}
