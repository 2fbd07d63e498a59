// In place of the sign-in: the organisation needs a newer app, so that nobody could sign in with this one.
import { PackageOpen } from 'lucide-react';
import { ERRORS, type WireError } from '../../../shared/errors.ts';
import type { Device } from '../../../shared/model/device.ts';
import { words } from '../../text/common.ts';
import { Button } from '../../ui/Button.tsx';
import { Panel, PanelHead } from '../../ui/Panel.tsx';
import { useStartSignIn } from '../sign-in/use-sign-in.ts';
import { OtherOrganisations } from '../organisations/OtherOrganisations.tsx';
import { UnregisterDialog } from './UnregisterDialog.tsx';

export function TooOldPage(props: {
  device: Extract<Device, { status: 'registered' }>;
  because: WireError;
}) {
  // The minimum is asked for again first; where it has become lower, the sign-in goes on.
  const signIn = useStartSignIn();
  const { title, advice } = ERRORS[props.because.code];
  return (
    <Panel
      below={
        <div className="panel-ways">
          <OtherOrganisations />
          <UnregisterDialog
            organisation={props.device.organisation.name}
            trigger={
              <Button look="quiet" size="small">
                {words.leave}
              </Button>
            }
          />
        </div>
      }
    >
      <PanelHead focus icon={<PackageOpen size={22} aria-hidden />} title={title}>
        {props.because.message} {advice}
      </PanelHead>
      <div className="panel-foot">
        <Button busy={signIn.pending} onClick={signIn.start}>
          {words.retry}
        </Button>
      </div>
    </Panel>
  );
}
