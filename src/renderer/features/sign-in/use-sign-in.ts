// Sign-in as every place offers it: the client opens the browser; its state arrives in the mirror, errors included.
import type { WireError } from '../../../shared/errors.ts';
import { isSigningIn, type SignInPrompt } from '../../../shared/model/session.ts';
import type { Snapshot } from '../../../shared/ipc/contract.ts';
import { besideCall } from '../../new-tab.ts';
import {
  type CallState,
  useCall,
  useMirror,
  useOpensPages,
  useTruth,
} from '../../window-context.tsx';

export type DeviceCode = Extract<SignInPrompt, { by: 'device-code' }>;

export interface SignIn {
  waiting: boolean;
  /** The page to finish at in this computer's browser, once it is known. */
  url: string | null;
  /** Or the code to finish with at another device. */
  code: DeviceCode | null;
  /** Why the last one ended, or why there is no session. */
  because: WireError | undefined;
  start: () => void;
  withCode: () => void;
  cancel: () => void;
}

export function useSignIn(): SignIn {
  const session = useTruth(({ slices }) => slices.session);
  const signIn = useStartSignIn();
  const cancel = useCall('session.cancelSignIn');
  const signInWithCode = useCall('session.signInWithCode');
  const waiting = isSigningIn(session);
  const prompt = waiting ? session.prompt : null;
  const told =
    session.status === 'signed-out' || session.status === 'expired' ? session.because : undefined;
  return {
    waiting,
    url: prompt?.by === 'browser' ? prompt.url : null,
    code: prompt?.by === 'device-code' ? prompt : null,
    // A call that failed before the session changed, e.g. because nothing answers.
    because: waiting ? undefined : (signIn.error ?? signInWithCode.error ?? told),
    start: signIn.start,
    withCode: () => void signInWithCode.run({}),
    cancel: () => void cancel.run({}),
  };
}

/** Begins one: the client opens the page, or a tab its own beside it. */
export function useStartSignIn(): Omit<CallState<'session.signIn'>, 'run'> & { start: () => void } {
  const inTab = useOpensPages();
  const mirror = useMirror();
  const signIn = useCall('session.signIn');
  return {
    ...signIn,
    start: () =>
      void (inTab
        ? besideCall(mirror, signInPage, () => signIn.run({ openBrowser: false }))
        : signIn.run({ openBrowser: true })),
  };
}

function signInPage({ slices: { session } }: Snapshot): string | null {
  return isSigningIn(session) && session.prompt?.by === 'browser' ? session.prompt.url : null;
}
