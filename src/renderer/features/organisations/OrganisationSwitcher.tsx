// Which organisation this is, and who the person is there; it opens the list of them, where another one can be added.
import { ChevronsUpDown, LoaderCircle } from 'lucide-react';
import { mayAddOrganisation } from '../../../shared/model/managed.ts';
import { organisationsText } from '../../text/organisations.ts';
import { useTruth } from '../../window-context.tsx';
import { Mark } from './Mark.tsx';
import { OrganisationMenu } from './OrganisationMenu.tsx';
import { useSwitch } from './use-switch.ts';
import './organisations.css';

export function OrganisationSwitcher(props: { organisation: string; who: string | undefined }) {
  const { organisation, who } = props;
  const isMenu = useTruth(
    ({ slices }) => slices.organisations.length > 1 || mayAddOrganisation(slices.managed),
  );
  const state = useSwitch();
  const title = `${organisation}\n${who ?? ''}`;
  if (!isMenu) {
    return (
      <div className="organisation" title={title}>
        <Mark name={organisation} />
        <Words name={organisation} sub={who} />
      </div>
    );
  }
  const { pending } = state;
  const sub = pending ? organisationsText.switching : who;
  const trigger = (
    <button
      type="button"
      className="organisation opens"
      title={title}
      aria-label={organisationsText.switcher(organisation, sub)}
      aria-busy={pending || undefined}
    >
      <Mark name={organisation} />
      <Words name={organisation} sub={sub} />
      {pending ? (
        <LoaderCircle size={14} className="rail-wide spin" aria-hidden />
      ) : (
        <ChevronsUpDown size={14} className="rail-wide organisation-more" aria-hidden />
      )}
    </button>
  );
  return <OrganisationMenu side="bottom" state={state} trigger={trigger} />;
}

function Words({ name, sub }: { name: string; sub: string | undefined }) {
  return (
    <div className="rail-wide organisation-words">
      <b className="one-line">{name}</b> {/* two words, not one */}
      <span className="sub one-line">{sub}</span>
    </div>
  );
}
