// The home page: what this person may use, what is connected, and the details of one service beside it.
import { LayoutGrid, RotateCw, SearchX } from 'lucide-react';
import { useMemo } from 'react';
import { ERRORS } from '../../../shared/errors.ts';
import { isSignedIn } from '../../../shared/model/session.ts';
import { summary } from '../../../shared/model/summary.ts';
import { words } from '../../text/common.ts';
import { type Filters, noFilters } from '../../stores/view.ts';
import { filterWords, servicesText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { Empty } from '../../ui/Empty.tsx';
import { Note } from '../../ui/Note.tsx';
import { useCall, useSetView, useTruth, useView } from '../../window-context.tsx';
import { EndingBanner } from '../sign-in/EndingBanner.tsx';
import { ExpiredBanner } from '../sign-in/ExpiredBanner.tsx';
import { TooOldBanner } from '../device/TooOldBanner.tsx';
import { FindAgain } from '../first-launch/FindAgain.tsx';
import { SearchField } from './SearchField.tsx';
import { Filter } from './Filter.tsx';
import { findable, found, grouped, isAmong, rowsOf, tunnelOf, typesOf } from './service-view.ts';
import { ServiceDetails } from './ServiceDetails.tsx';
import { ServiceList } from './ServiceList.tsx';
import { useFavourites } from './use-favourites.ts';
import { useKeptFocus } from './use-kept-focus.ts';
import { walkRows } from './walk-rows.ts';
import './page.css';
import './services.css';

/** Fewer are seen at a glance. */
const FILTERED_FROM = 4;
const TYPED_FROM = 12;

export function ServicesPage() {
  const slices = useTruth((snapshot) => snapshot.slices);
  const { session, catalog, tunnels } = slices;
  const query = useView((view) => view.query);
  const selected = useView((view) => view.selected);
  const setView = useSetView();
  const service = catalog.services.find(({ id }) => id === selected);
  useKeptFocus();
  const closeDetails = (): void => setView({ selected: null, editPort: null });
  const all = useMemo(() => findable(catalog.services), [catalog.services]);
  const filters = useView((view) => view.filters);
  const favourites = useFavourites();
  const matching = useMemo(() => found(all, query), [all, query]);
  const types = useMemo(() => typesOf(catalog.services), [catalog.services]);
  const rows = useMemo(
    () => rowsOf(matching, tunnels.states, favourites),
    [matching, tunnels.states, favourites],
  );
  const groups = useMemo(
    () => grouped(rows.filter((row) => isAmong(row, filters))),
    [rows, filters],
  );
  // What is on must be seen, and be taken off again, in the shortest list.
  const isLong = (types.length > 1 && catalog.services.length >= TYPED_FROM) || isFiltered(filters);
  // Not only once something is starred: the list would move under the hand that has just done it.
  const isFilterable = isLong || catalog.services.length >= FILTERED_FROM;
  return (
    <div className={service ? 'services with-details' : 'services'} data-page="services">
      <main className="services-main">
        <header className="page-head">
          <div>
            <h1>{servicesText.title}</h1>
            <p className="sub">
              {'person' in session && `${servicesText.greeting(session.person.name)} · `}
              {summary(slices).headline}
            </p>
          </div>
          {catalog.services.length > 0 && <SearchField onKeyDown={walkRows} />}
        </header>
        {isFilterable && <Filter types={isLong ? types : []} rows={rows} />}
        <FindAgain />
        <div className="banners">
          <TooOldBanner />
          <ExpiredBanner />
          <EndingBanner />
          {isSignedIn(session) && <StaleBanner />}
        </div>
        {catalog.services.length === 0 ? (
          <NoServices />
        ) : groups.length === 0 ? (
          <NoneFound query={query.trim()} filters={filters} />
        ) : (
          <ServiceList groups={groups} />
        )}
      </main>
      {service && (
        <>
          {/* For the pointer only: keys have Esc and the pane's own button. */}
          <div className="details-scrim" aria-hidden onClick={closeDetails} />
          <ServiceDetails
            key={service.id}
            service={service}
            tunnel={tunnelOf(tunnels.states, service.id)}
            onClose={closeDetails}
          />
        </>
      )}
    </div>
  );
}

const isFiltered = ({ state, type }: Filters): boolean => state !== null || type !== null;

function NoneFound({ query, filters }: { query: string; filters: Filters }) {
  const setView = useSetView();
  const { state, type } = filters;
  const on = [state, type].flatMap((choice) => (choice ? filterWords[choice] : []));
  return (
    <Empty
      icon={<SearchX size={22} aria-hidden />}
      title={query ? servicesText.noMatch(query) : servicesText.noneLike(on)}
      action={
        on.length > 0 && (
          <Button
            onClick={() => {
              setView({ filters: noFilters });
              // The button goes with what it answers, and would take the focus along.
              document.querySelector<HTMLElement>('.search input')?.focus();
            }}
          >
            {servicesText.clearFilters(on.length)}
          </Button>
        )
      }
    >
      {on.length === 0
        ? servicesText.noMatchHelp
        : query
          ? servicesText.amongOnly(on)
          : servicesText.followsByItself}
    </Empty>
  );
}

function StaleBanner() {
  const catalog = useTruth(({ slices }) => slices.catalog);
  const refresh = useCall('catalog.refresh');
  if (catalog.status !== 'stale') return null;
  return (
    <Note
      tone="warn"
      title={servicesText.staleTitle}
      action={
        <Button size="small" busy={refresh.pending} onClick={() => void refresh.run({})}>
          {words.retry}
        </Button>
      }
    >
      {catalog.because && `${catalog.because.message} ${ERRORS[catalog.because.code].advice}`}
    </Note>
  );
}

function NoServices() {
  const status = useTruth(({ slices }) => slices.catalog.status);
  const organisation = useTruth(({ slices: { device } }) =>
    device.status === 'registered' ? device.organisation.name : '',
  );
  const signedIn = useTruth(({ slices }) => isSignedIn(slices.session));
  const refresh = useCall('catalog.refresh');
  // A stale list without services says nothing about what is allowed; neither does one without a session.
  if (!signedIn || status === 'stale') return null;
  if (status !== 'current') return <LoadingRows />;
  return (
    <Empty
      icon={<LayoutGrid size={22} aria-hidden />}
      title={servicesText.emptyTitle}
      action={
        <Button busy={refresh.pending} onClick={() => void refresh.run({})}>
          {!refresh.pending && <RotateCw size={14} aria-hidden />}
          {servicesText.refresh}
        </Button>
      }
    >
      {servicesText.empty(organisation)}
    </Empty>
  );
}

function LoadingRows() {
  return (
    <div aria-live="polite">
      <span className="unseen">{servicesText.loading}</span>
      <ul className="rows ghost" aria-hidden>
        {[62, 44, 71, 53].map((width) => (
          <li key={width} className="row">
            <span className="ghost-bar tile" />
            <div className="row-name">
              <span className="ghost-bar" style={{ width: `${width}%` }} />
              <span className="ghost-bar thin" style={{ width: `${width + 18}%` }} />
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
