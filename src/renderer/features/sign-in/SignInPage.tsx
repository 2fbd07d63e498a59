// Sign-in of a registered device; also the third step of the first launch.
import { KeyRound } from 'lucide-react';
import type { Device } from '../../../shared/model/device.ts';
import { words } from '../../text/common.ts';
import { signInText } from '../../text/first-launch.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Panel, PanelHead } from '../../ui/Panel.tsx';
import { useOpensPages, useView } from '../../window-context.tsx';
import { UnregisterDialog } from '../device/UnregisterDialog.tsx';
import { Stepper } from '../first-launch/Stepper.tsx';
import { OtherOrganisations } from '../organisations/OtherOrganisations.tsx';
import { useSignIn } from './use-sign-in.ts';
import { Waiting } from './Waiting.tsx';
import './sign-in.css';

type Registered = Extract<Device, { status: 'registered' }>;

export function SignInPage({ device }: { device: Registered }) {
  const firstLaunch = useView((view) => view.firstLaunch);
  const signIn = useSignIn();
  const organisation = device.organisation.name;
  const text = useOpensPages() ? signInText.inTab : signInText;
  return (
    <Panel
      above={firstLaunch && <Stepper current={2} />}
      below={
        !signIn.waiting && (
          <div className="panel-ways">
            <OtherOrganisations />
            <UnregisterDialog
              organisation={organisation}
              trigger={
                <Button look="quiet" size="small">
                  {words.leave}
                </Button>
              }
            />
          </div>
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
            {firstLaunch ? text.thirdStepLead(organisation) : text.lead}
          </PanelHead>
          {signIn.because && signIn.because.code !== 'identity/sign-in-cancelled' && (
            // The button below is the action that helps against most of these; two would compete.
            <ErrorNote error={signIn.because} />
          )}
          <Button look="primary" size="large" className="sign-in-button" onClick={signIn.start}>
            {signInText.button}
          </Button>
        </>
      )}
    </Panel>
  );
}
