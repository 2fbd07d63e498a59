// Below a page that stands for one organisation only: the way to the others.
import { ChevronsUpDown, Plus } from 'lucide-react';
import { mayAddOrganisation } from '../../../shared/model/managed.ts';
import { organisationsText } from '../../text/organisations.ts';
import { Button } from '../../ui/Button.tsx';
import { useSetView, useTruth } from '../../window-context.tsx';
import { OrganisationMenu } from './OrganisationMenu.tsx';
import { useSwitch } from './use-switch.ts';

export function OtherOrganisations() {
  const several = useTruth(({ slices }) => slices.organisations.length > 1);
  const mayAdd = useTruth(({ slices }) => mayAddOrganisation(slices.managed));
  const setView = useSetView();
  const state = useSwitch();
  if (!several) {
    return !mayAdd ? null : (
      <Button look="quiet" size="small" onClick={() => setView({ adding: true })}>
        <Plus size={14} aria-hidden />
        {organisationsText.add}
      </Button>
    );
  }
  const trigger = (
    <Button look="quiet" size="small" busy={state.pending}>
      {organisationsText.another}
      <ChevronsUpDown size={14} aria-hidden />
    </Button>
  );
  return <OrganisationMenu side="top" state={state} trigger={trigger} />;
}
