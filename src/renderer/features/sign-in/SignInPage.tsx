// Sign-in of a registered device; also the third step of the first launch.
import { KeyRound, LoaderCircle } from 'lucide-react';
import type { Device } from '../../../shared/model/device.ts';
import { words } from '../../text/common.ts';
import { signInText } from '../../text/first-launch.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/Copy.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Panel, PanelHead } from '../../ui/Panel.tsx';
import { useEscape } from '../../ui/use-escape.ts';
import { useView } from '../../window-context.tsx';
import { UnregisterDialog } from '../device/UnregisterDialog.tsx';
import { Stepper } from '../first-launch/Stepper.tsx';
import { type SignIn, useSignIn } from './use-sign-in.ts';
import './sign-in.css';

type Registered = Extract<Device, { status: 'registered' }>;

export function SignInPage({ device }: { device: Registered }) {
  const firstLaunch = useView((view) => view.firstLaunch);
  const signIn = useSignIn();
  const organisation = device.organisation.name;
  return (
    <Panel
      above={firstLaunch && <Stepper current={2} />}
      below={
        !signIn.waiting && (
          <UnregisterDialog
            organisation={organisation}
            trigger={
              <Button look="quiet" size="small">
                {signInText.unregister}
              </Button>
            }
          />
        )
      }
    >
      {signIn.waiting ? (
        <Waiting signIn={signIn} />
      ) : (
        <>
          <PanelHead
            focus
            icon={<KeyRound size={22} aria-hidden />}
            title={firstLaunch ? signInText.thirdStepTitle : signInText.title(organisation)}
          >
            {firstLaunch ? signInText.thirdStepLead(organisation) : signInText.lead}
          </PanelHead>
          {signIn.because && (
            // The button below is the action that helps against most of these; two would compete.
            <ErrorNote
              error={signIn.because}
              tone={signIn.because.code === 'identity/sign-in-cancelled' ? 'info' : 'bad'}
            />
          )}
          <Button look="primary" size="large" className="sign-in-button" onClick={signIn.start}>
            {signInText.button}
          </Button>
        </>
      )}
    </Panel>
  );
}

function Waiting({ signIn }: { signIn: SignIn }) {
  useEscape(signIn.cancel);
  return (
    <>
      <PanelHead
        focus
        icon={<LoaderCircle size={22} className="spin" aria-hidden />}
        title={signInText.waitingTitle}
      >
        {signIn.url ? signInText.waiting : signInText.preparing}
      </PanelHead>
      <div className="panel-foot">
        <div className="sign-in-link">
          {signIn.url && (
            <>
              <span className="sub">{signInText.notOpened}</span>
              <CopyButton text={signIn.url} label={signInText.copyLink} showLabel look="plain" />
            </>
          )}
        </div>
        <Button onClick={signIn.cancel}>{words.cancel}</Button>
      </div>
    </>
  );
}
