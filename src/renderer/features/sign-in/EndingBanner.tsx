// Above the services shortly before the session ends, when nothing renews it in silence: why, and the way to extend it.
import { isSignedIn } from '../../../shared/model/session.ts';
import { endingText } from '../../text/shell.ts';
import { timeLeft } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { Note } from '../../ui/Note.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useTruth } from '../../window-context.tsx';
import { useSignIn } from './use-sign-in.ts';
import { WaitingNote } from './WaitingNote.tsx';
import './sign-in.css';

export function EndingBanner() {
  const session = useTruth(({ slices }) => slices.session);
  const signIn = useSignIn();
  const now = useNow();
  if (!isSignedIn(session) || !session.ending) return null;
  if (session.status === 'extending') return <WaitingNote signIn={signIn} />;
  const { because } = session.ending;
  return (
    <Note
      tone="warn"
      title={endingText.title(timeLeft(session.expiresAt - now))}
      alert
      action={
        <Button look="primary" size="small" onClick={signIn.start}>
          {endingText.extend}
        </Button>
      }
    >
      {because?.message ?? endingText.noRenewal} {endingText.help}
    </Note>
  );
}
