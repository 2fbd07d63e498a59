// A sign-in that runs while the services stay in view: after the session has ended, or to extend it.
import { words } from '../../text/common.ts';
import { signInText } from '../../text/first-launch.ts';
import { expiredText } from '../../text/shell.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/Copy.tsx';
import { Note } from '../../ui/Note.tsx';
import { useOpensPages } from '../../window-context.tsx';
import { DeviceCode } from './DeviceCode.tsx';
import { SignInLink } from './SignInLink.tsx';
import type { SignIn } from './use-sign-in.ts';

export function WaitingNote({ signIn }: { signIn: SignIn }) {
  const inTab = useOpensPages();
  const { url, code } = signIn;
  const title = code
    ? signInText.code.waitingTitle
    : inTab && url
      ? signInText.inTab.waitingTitle
      : undefined;
  return (
    <Note
      tone="info"
      {...(title && { title })}
      action={
        <div className="sign-in-link">
          {url && inTab && <SignInLink url={url} size="small" />}
          {url && <CopyButton text={url} label={signInText.copyLink} showLabel />}
          {url && (
            <Button size="small" onClick={signIn.withCode}>
              {signInText.otherDevice}
            </Button>
          )}
          <Button size="small" onClick={signIn.cancel}>
            {words.cancel}
          </Button>
        </div>
      }
    >
      {code ? (
        <DeviceCode code={code} />
      ) : inTab && url ? (
        signInText.inTab.waiting
      ) : (
        expiredText.waiting
      )}
    </Note>
  );
}
