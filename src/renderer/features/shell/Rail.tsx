// Who and where this person is, the pages that exist, and the session.
import { showsServices } from '../../../shared/model/managed.ts';
import type { Person, Session } from '../../../shared/model/session.ts';
import { LEVEL_NAMES } from '../../../shared/model/posture-words.ts';
import { postureText } from '../../text/posture.ts';
import { shellText } from '../../text/shell.ts';
import { useSetView, useTruth } from '../../window-context.tsx';
import type { Page } from '../../stores/view.ts';
import { OrganisationSwitcher } from '../organisations/OrganisationSwitcher.tsx';
import { PAGE_ICONS } from './page-icons.ts';
import { SessionCard } from './SessionCard.tsx';
import { usePage } from './use-page.ts';

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
  const hasServices = useTruth(({ slices }) => showsServices(slices.managed));
  const services = useTruth(({ slices }) => slices.catalog.services.length);
  const level = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.posture?.verdict?.trustLevel : undefined,
  );
  const who = person?.email || person?.name;
  return (
    <div className="rail">
      <OrganisationSwitcher organisation={organisation} who={who} />
      <nav aria-label={shellText.navigation}>
        {hasServices && (
          <NavItem page="services" label={shellText.services}>
            {connected > 0 && (
              <span className="nav-count">
                <span aria-hidden>
                  {connected}
                  <span className="rail-wide">{shellText.of(services)}</span>
                </span>
                <span className="unseen">, {shellText.connectedOf(connected)}</span>
              </span>
            )}
          </NavItem>
        )}
        <NavItem page="activity" label={shellText.activity} />
        <NavItem page="diagnostics" label={shellText.diagnostics} />
        <NavItem page="device" label={shellText.device}>
          {level && (
            <span className={`nav-level rail-wide ${level}`}>
              <span className="unseen">, {postureText.level} </span>
              {LEVEL_NAMES[level]}
            </span>
          )}
        </NavItem>
        <NavItem page="settings" label={shellText.settings} />
      </nav>
      <SessionCard />
    </div>
  );
}

function NavItem(props: { page: Page; label: string; children?: React.ReactNode }) {
  const Icon = PAGE_ICONS[props.page];
  const here = usePage() === props.page;
  const setView = useSetView();
  return (
    <button
      type="button"
      className="nav-item"
      aria-current={here ? 'page' : undefined}
      title={props.label}
      onClick={() => setView({ page: props.page })}
    >
      <Icon size={17} aria-hidden />
      <span className="rail-wide">{props.label}</span>
      {props.children}
    </button>
  );
}
