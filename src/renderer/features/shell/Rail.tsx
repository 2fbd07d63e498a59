// Who and where this person is, the pages that exist, and the session.
import { Activity, Laptop, Server, Settings2, Stethoscope } from 'lucide-react';
import type { Person, Session } from '../../../shared/model/session.ts';
import { shellText } from '../../text/shell.ts';
import { useSetView, useTruth, useView } from '../../window-context.tsx';
import type { Page } from '../../stores/view.ts';
import { OrganisationSwitcher } from '../organisations/OrganisationSwitcher.tsx';
import { SessionCard } from './SessionCard.tsx';

function personOf(session: Session): Person | null {
  if ('person' in session) return session.person;
  if (session.status === 'signing-in') return personOf(session.before);
  return null;
}

export function Rail({ organisation }: { organisation: string }) {
  const person = useTruth(({ slices }) => personOf(slices.session));
  const connected = useTruth(
    ({ slices }) =>
      Object.values(slices.tunnels.states).filter(({ status }) => status === 'open').length,
  );
  const who = person?.email || person?.name;
  return (
    <div className="rail">
      <OrganisationSwitcher organisation={organisation} who={who} />
      <nav aria-label={shellText.navigation}>
        <NavItem page="services" icon={<Server size={17} aria-hidden />} label={shellText.services}>
          {connected > 0 && (
            <span className="nav-count">
              <span aria-hidden>{connected}</span>
              <span className="unseen">, {shellText.connectedOf(connected)}</span>
            </span>
          )}
        </NavItem>
        <NavItem
          page="activity"
          icon={<Activity size={17} aria-hidden />}
          label={shellText.activity}
        />
        <NavItem
          page="diagnostics"
          icon={<Stethoscope size={17} aria-hidden />}
          label={shellText.diagnostics}
        />
        <NavItem page="device" icon={<Laptop size={17} aria-hidden />} label={shellText.device} />
        <NavItem
          page="settings"
          icon={<Settings2 size={17} aria-hidden />}
          label={shellText.settings}
        />
      </nav>
      <SessionCard />
    </div>
  );
}

function NavItem(props: {
  page: Page;
  icon: React.ReactNode;
  label: string;
  children?: React.ReactNode;
}) {
  const here = useView((view) => view.page === props.page);
  const setView = useSetView();
  return (
    <button
      type="button"
      className="nav-item"
      aria-current={here ? 'page' : undefined}
      title={props.label}
      onClick={() => setView({ page: props.page })}
    >
      {props.icon}
      <span className="rail-wide">{props.label}</span>
      {props.children}
    </button>
  );
}
