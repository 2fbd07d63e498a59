// Step 1, second half: a clear yes to this organisation, with the fingerprint in view before it is asked for.
import { ShieldCheck } from 'lucide-react';
import type { InviteFacts } from '../../../shared/ipc/contract.ts';
import { organisationText } from '../../text/first-launch.ts';
import { Button } from '../../ui/Button.tsx';
import { Fingerprint } from '../../ui/Fingerprint.tsx';
import { PanelHead } from '../../ui/Panel.tsx';
import { useEscape } from '../../ui/use-escape.ts';

export function ConfirmStep(props: { facts: InviteFacts; onYes: () => void; onNo: () => void }) {
  const { organisationName, host, rootFingerprint } = props.facts;
  useEscape(props.onNo);
  return (
    <>
      <PanelHead
        focus
        icon={<ShieldCheck size={22} aria-hidden />}
        title={organisationText.confirmTitle(organisationName)}
      >
        {organisationText.confirmLead}
      </PanelHead>
      <dl className="facts">
        <div>
          <dt>{organisationText.address}</dt>
          <dd>{host}</dd>
        </div>
        <div>
          <dt>{organisationText.fingerprint}</dt>
          <dd>
            <Fingerprint value={rootFingerprint} label={organisationText.fingerprint} />
          </dd>
        </div>
      </dl>
      <div className="panel-foot">
        <Button look="quiet" size="large" onClick={props.onNo}>
          {organisationText.no}
        </Button>
        <Button look="primary" size="large" className="wrap" onClick={props.onYes}>
          {organisationText.yes(organisationName)}
        </Button>
      </div>
    </>
  );
}
