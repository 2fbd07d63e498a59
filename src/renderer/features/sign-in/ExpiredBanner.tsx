// Above the services after the session has ended: why, and the way back in without leaving the page.
import { ERRORS } from '../../../shared/errors.ts';
import type { Session } from '../../../shared/model/session.ts';
import { words } from '../../text/common.ts';
import { signInText } from '../../text/first-launch.ts';
import { expiredText } from '../../text/shell.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/Copy.tsx';
import { Note } from '../../ui/Note.tsx';
import { useOpensPages, useTruth } from '../../window-context.tsx';
import { SignInLink } from './SignInLink.tsx';
import { useSignIn } from './use-sign-in.ts';
import './sign-in.css';

const ended = (session: Session): boolean =>
  session.status === 'expired' ||
  (session.status === 'signing-in' && session.before.status === 'expired');

export function ExpiredBanner() {
  const session = useTruth(({ slices }) => slices.session);
  const signIn = useSignIn();
  const inTab = useOpensPages();
  if (!ended(session)) return null;
  if (signIn.waiting) {
    return (
      <Note
        tone="info"
        {...(inTab && signIn.url && { title: signInText.inTab.waitingTitle })}
        action={
          <div className="sign-in-link">
            {signIn.url && inTab && <SignInLink url={signIn.url} size="small" />}
            {signIn.url && <CopyButton text={signIn.url} label={signInText.copyLink} showLabel />}
            <Button size="small" onClick={signIn.cancel}>
              {words.cancel}
            </Button>
          </div>
        }
      >
        {inTab && signIn.url ? signInText.inTab.waiting : expiredText.waiting}
      </Note>
    );
  }
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
