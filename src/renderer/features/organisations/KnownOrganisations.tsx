// Below the first steps, when none is active though this device is registered: one click goes on with one of them.
import type { KnownOrganisation } from '../../../shared/model/device.ts';
import { organisationsText } from '../../text/organisations.ts';
import { Button } from '../../ui/Button.tsx';
import { Mark } from './Mark.tsx';
import { SwitchProblem } from './SwitchProblem.tsx';
import { useSwitch } from './use-switch.ts';
import './organisations.css';

export function KnownOrganisations({ known }: { known: readonly KnownOrganisation[] }) {
  const state = useSwitch();
  return (
    <section className="known">
      <p>{organisationsText.known}</p>
      <div className="known-list">
        {known.map((organisation) => (
          <Button
            key={organisation.id}
            title={organisation.host}
            busy={state.pending && state.to?.id === organisation.id}
            disabled={state.pending}
            onClick={() => state.start(organisation)}
          >
            <Mark name={organisation.name} small />
            {organisationsText.goOnWith(organisation.name)}
          </Button>
        ))}
      </div>
      <SwitchProblem state={state} />
    </section>
  );
}
