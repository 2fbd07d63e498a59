// In the place of the first steps where a managed deployment file registers this computer: what happens, and why not yet.
import { Building2, LoaderCircle } from 'lucide-react';
import type { WireError } from '../../../shared/errors.ts';
import type { managedRegistrationAhead } from '../../../shared/model/managed.ts';
import { managedText } from '../../text/managed.ts';
import { moment } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Panel, PanelHead } from '../../ui/Panel.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useCall, useSetView } from '../../window-context.tsx';

type Ahead = NonNullable<ReturnType<typeof managedRegistrationAhead>>;

export function ManagedPage({ registration }: { registration: Ahead }) {
  const { host } = registration.organisation;
  const isRefused = registration.status === 'refused';
  return (
    <Panel>
      <PanelHead
        focus
        icon={<Building2 size={22} aria-hidden />}
        title={isRefused ? managedText.refusedTitle : managedText.title}
      >
        {isRefused ? managedText.refusedLead(host) : managedText.lead(host)}
      </PanelHead>
      {'because' in registration ? (
        <NotYet because={registration.because} registration={registration} />
      ) : (
        <div className="panel-wait" aria-live="polite">
          <LoaderCircle size={16} className="spin" aria-hidden />
          {managedText.working}
        </div>
      )}
    </Panel>
  );
}

function NotYet({ because, registration }: { because: WireError; registration: Ahead }) {
  const tryNow = useCall('device.registerAsManaged');
  const setView = useSetView();
  const now = useNow();
  return (
    <>
      <ErrorNote
        error={because}
        tone="warn"
        busy={tryNow.pending}
        actions={{ 'use-memory': () => void tryNow.run({ secrets: 'memory' }) }}
      />
      {registration.status === 'waiting' && (
        <p className="sub" aria-live="polite">
          {managedText.waiting(moment(registration.retryAt, now))}
        </p>
      )}
      {tryNow.error && <ErrorNote error={tryNow.error} />}
      <div className="panel-foot">
        <Button
          look="quiet"
          size="large"
          disabled={tryNow.pending}
          onClick={() => setView({ adding: true })}
        >
          {managedText.withInvite}
        </Button>
        <Button
          look="primary"
          size="large"
          busy={tryNow.pending}
          onClick={() => void tryNow.run({})}
        >
          {managedText.tryNow}
        </Button>
      </div>
    </>
  );
}
