// Why a switch came to nothing. Where the person was, she still is.
import { organisationsText } from '../../text/organisations.ts';
import { words } from '../../text/common.ts';
import { Confirm } from '../../ui/Confirm.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import type { Switch } from './use-switch.ts';

export function SwitchProblem({ state }: { state: Switch }) {
  const { to, error, pending, start, forget } = state;
  if (!to || (!error && !pending)) return null;
  return (
    <Confirm
      open={error !== null}
      onOpenChange={forget}
      title={organisationsText.problemTitle(to.name)}
      yes={words.retry}
      look="primary"
      busy={pending}
      problem={error && <ErrorNote error={error} />}
      onYes={() => start(to)}
    >
      {organisationsText.problemHelp}
    </Confirm>
  );
}
