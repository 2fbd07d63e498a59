// A sign-in that runs. It ends by its button only: Esc is pressed too easily for what was begun in another page.
import { LoaderCircle } from 'lucide-react';
import { words } from '../../text/common.ts';
import { signInText } from '../../text/first-launch.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/Copy.tsx';
import { PanelHead } from '../../ui/Panel.tsx';
import { useOpensPages } from '../../window-context.tsx';
import { DeviceCode } from './DeviceCode.tsx';
import { SignInLink } from './SignInLink.tsx';
import type { SignIn } from './use-sign-in.ts';

/** Also of a registration, which needs a browser of this very computer. */
type Waited = Pick<SignIn, 'url' | 'code' | 'cancel'> & Partial<Pick<SignIn, 'withCode'>>;

export function Waiting({ signIn }: { signIn: Waited }) {
  const inTab = useOpensPages();
  const { url, code } = signIn;
  const text = inTab ? signInText.inTab : signInText;
  return (
    <>
      <PanelHead
        focus
        icon={<LoaderCircle size={22} className="spin" aria-hidden />}
        title={code ? signInText.code.waitingTitle : text.waitingTitle}
      >
        {code ? signInText.code.waiting(inTab) : url ? text.waiting : signInText.preparing}
      </PanelHead>
      {inTab && url && <SignInLink url={url} size="large" />}
      {code && <DeviceCode code={code} />}
      <div className="panel-foot">
        <div className="sign-in-link">
          {url && !inTab && <span className="sub">{signInText.notOpened}</span>}
          {url && <CopyButton text={url} label={signInText.copyLink} showLabel look="plain" />}
          {url && signIn.withCode && (
            <Button size="small" onClick={signIn.withCode}>
              {signInText.otherDevice}
            </Button>
          )}
        </div>
        <Button size="small" onClick={signIn.cancel}>
          {words.cancel}
        </Button>
      </div>
    </>
  );
}
