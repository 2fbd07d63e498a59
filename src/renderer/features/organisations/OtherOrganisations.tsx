// Below a page that stands for one organisation only: the way to the others.
import { ChevronsUpDown, Plus } from 'lucide-react';
import { organisationsText } from '../../text/organisations.ts';
import { Button } from '../../ui/Button.tsx';
import { useSetView, useTruth } from '../../window-context.tsx';
import { OrganisationMenu } from './OrganisationMenu.tsx';

export function OtherOrganisations() {
  const several = useTruth(({ slices }) => slices.organisations.length > 1);
  const setView = useSetView();
  if (!several) {
    return (
      <Button look="quiet" size="small" onClick={() => setView({ adding: true })}>
        <Plus size={14} aria-hidden />
        {organisationsText.add}
      </Button>
    );
  }
  return (
    <OrganisationMenu
      side="top"
      trigger={({ pending }) => (
        <Button look="quiet" size="small" busy={pending}>
          {organisationsText.useAnother}
          <ChevronsUpDown size={14} aria-hidden />
        </Button>
      )}
    />
  );
}
