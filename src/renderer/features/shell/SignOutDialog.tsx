// Asks before a sign-out that would take connections away.
import { words } from '../../text/common.ts';
import { shellText } from '../../text/shell.ts';
import { Confirm } from '../../ui/Confirm.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import type { CallState } from '../../window-context.tsx';

export function SignOutDialog(props: {
  connected: number;
  signOut: CallState<'session.signOut'>;
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const { signOut } = props;
  return (
    <Confirm
      open={props.open}
      onOpenChange={props.onOpenChange}
      title={shellText.signOutTitle(props.connected)}
      yes={words.signOut}
      busy={signOut.pending}
      problem={signOut.error && <ErrorNote error={signOut.error} />}
      onYes={() => void signOut.run({})}
    >
      {shellText.signOutHelp}
    </Confirm>
  );
}
