// Registers by signing in: the client opens the page, or a tab its own beside it.
import type { InputOf, OutputOf, Snapshot } from '../../../shared/ipc/contract.ts';
import { besideCall } from '../../new-tab.ts';
import { type CallState, useCall, useMirror, useOpensPages } from '../../window-context.tsx';

type Name = 'device.registerBySignIn';
type Run = (input: Omit<InputOf<Name>, 'openBrowser'>) => Promise<OutputOf<Name> | undefined>;

export function useRegisterBySignIn(): Omit<CallState<Name>, 'run'> & { run: Run } {
  const inTab = useOpensPages();
  const mirror = useMirror();
  const register = useCall('device.registerBySignIn');
  return {
    ...register,
    run: (input) =>
      inTab
        ? besideCall(mirror, registrationPage, () => register.run({ ...input, openBrowser: false }))
        : register.run({ ...input, openBrowser: true }),
  };
}

const registrationPage = ({ slices: { registration } }: Snapshot): string | null =>
  registration.status === 'waiting' ? registration.url : null;
