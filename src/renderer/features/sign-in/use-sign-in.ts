// Sign-in as every place offers it: the client opens the browser; its state arrives in the mirror, errors included.
import type { WireError } from '../../../shared/errors.ts';
import { useCall, useTruth } from '../../window-context.tsx';

export interface SignIn {
  waiting: boolean;
  /** The page to finish at, once it is known. */
  url: string | null;
  /** Why the last one ended, or why there is no session. */
  because: WireError | undefined;
  start: () => void;
  cancel: () => void;
}

export function useSignIn(): SignIn {
  const session = useTruth(({ slices }) => slices.session);
  const signIn = useCall('session.signIn');
  const cancel = useCall('session.cancelSignIn');
  const waiting = session.status === 'signing-in';
  const told =
    session.status === 'signed-out' || session.status === 'expired' ? session.because : undefined;
  return {
    waiting,
    url: waiting ? session.signInUrl : null,
    // A call that failed before the session changed, e.g. because nothing answers.
    because: waiting ? undefined : (signIn.error ?? told),
    start: () => void signIn.run({ openBrowser: true }),
    cancel: () => void cancel.run({}),
  };
}
