// Above the services after the session has ended: why, and the way back in without leaving the page.
import { ERRORS } from '../../../shared/errors.ts';
import type { Session } from '../../../shared/model/session.ts';
import { words } from '../../text/common.ts';
import { Button } from '../../ui/Button.tsx';
import { Note } from '../../ui/Note.tsx';
import { useTruth } from '../../window-context.tsx';
import { useSignIn } from './use-sign-in.ts';
import { WaitingNote } from './WaitingNote.tsx';
import './sign-in.css';

const ended = (session: Session): boolean =>
  session.status === 'expired' ||
  (session.status === 'signing-in' && session.before.status === 'expired');

export function ExpiredBanner() {
  const session = useTruth(({ slices }) => slices.session);
  const signIn = useSignIn();
  // Signing in would be refused; the banner above says why, and what helps.
  const tooOld = useTruth(({ slices: { device } }) => 'tooOld' in device);
  if (!ended(session) || tooOld) return null;
  if (signIn.waiting) return <WaitingNote signIn={signIn} />;
  const { code, message } = signIn.because ?? {
    code: 'identity/session-expired' as const,
    message: '',
  };
  return (
    <Note
      tone="warn"
      title={ERRORS[code].title}
      alert
      action={
        <Button look="primary" size="small" onClick={signIn.start}>
          {words.signIn}
        </Button>
      }
    >
      {message} {ERRORS[code].advice}
    </Note>
  );
}
