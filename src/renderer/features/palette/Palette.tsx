// Ctrl+K or Cmd+K from anywhere: type a few letters of a service, press Enter, and it is connected.
import { Dialog } from '@base-ui/react/dialog';
import { CornerDownLeft, Download, LogIn, LogOut, type LucideIcon, RotateCw } from 'lucide-react';
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react';
import { showsServices } from '../../../shared/model/managed.ts';
import { isSignedIn } from '../../../shared/model/session.ts';
import { paletteText } from '../../text/palette.ts';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { type CallState, useSetView, useTruth, useView } from '../../window-context.tsx';
import { ServiceIcon } from '../services/TypeTile.tsx';
import { PAGE_ICONS } from '../shell/page-icons.ts';
import { findable } from '../services/service-view.ts';
import { useAutoConnects } from '../services/use-auto-connect.ts';
import { useFavourites } from '../services/use-favourites.ts';
import { type Action, entriesFor, type Entry } from './entries.ts';
import { useEntry } from './use-entry.ts';
import './palette.css';

export function Palette() {
  const isOpen = useView((view) => view.palette);
  const setView = useSetView();
  const mac = useTruth(({ app }) => app.platform === 'darwin');
  useEffect(() => {
    const listen = (event: globalThis.KeyboardEvent): void => {
      const chord = mac ? event.metaKey : event.ctrlKey;
      if (!chord || event.key.toLowerCase() !== 'k') return;
      event.preventDefault();
      setView({ palette: true });
    };
    window.addEventListener('keydown', listen);
    return () => window.removeEventListener('keydown', listen);
  }, [mac, setView]);
  return (
    <Dialog.Root open={isOpen} onOpenChange={(palette) => setView({ palette })}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="palette" aria-label={paletteText.title}>
          <Finder />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** In the order in which the entries come, so that the arrows go down them. */
const GROUPS = [
  { name: 'services', has: ({ kind }: Entry) => kind === 'service' },
  { name: 'actions', has: ({ kind }: Entry) => kind !== 'service' },
] as const;

const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

function Finder() {
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const { catalog, tunnels, session, updates, managed } = useTruth(({ slices }) => slices);
  const { run, staying } = useEntry();
  useCloseWhenDone(staying);
  const services = useMemo(() => findable(catalog.services), [catalog.services]);
  const signedIn = isSignedIn(session);
  const hasServices = showsServices(managed);
  const favourites = useFavourites();
  const autoConnects = useAutoConnects();
  const selected = useView((view) => view.selected);
  const { states } = tunnels;
  const entries = useMemo(() => {
    const about = { services, states, favourites, selected, autoConnects };
    const may = { isSignedIn: signedIn, showsServices: hasServices };
    return entriesFor(query, { ...about, ...may, updates });
  }, [query, services, states, favourites, selected, autoConnects, signedIn, hasServices, updates]);
  const chosen = entries[Math.min(at, entries.length - 1)];
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && chosen) {
      event.preventDefault();
      run(chosen);
    }
    const step = steps[event.key];
    if (step === undefined || entries.length === 0) return;
    event.preventDefault();
    setAt(
      (before) => (Math.min(before, entries.length - 1) + step + entries.length) % entries.length,
    );
  };
  return (
    <>
      <input
        type="text"
        role="combobox"
        className="palette-field"
        aria-label={paletteText.field}
        aria-expanded
        aria-autocomplete="list"
        aria-controls="palette-list"
        aria-activedescendant={chosen?.id}
        placeholder={paletteText.placeholder}
        autoComplete="off"
        spellCheck={false}
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div
        id="palette-list"
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- no tag leaves the focus in the field
        role="listbox"
        aria-label={paletteText.results}
        className="palette-list"
      >
        {GROUPS.map(({ name, has }) => {
          const group = entries.filter(has);
          if (group.length === 0) return null;
          return (
            // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- a <fieldset> is no child of a listbox
            <div key={name} role="group" aria-labelledby={`palette-${name}`}>
              <div id={`palette-${name}`} className="palette-group">
                {paletteText.groups[name]}
              </div>
              {group.map((entry) => (
                <Choice
                  key={entry.id}
                  entry={entry}
                  chosen={entry === chosen}
                  onRun={() => run(entry)}
                />
              ))}
            </div>
          );
        })}
      </div>
      {staying.error && <ErrorNote error={staying.error} />}
      {entries.length === 0 && (
        <p className="palette-nothing" aria-live="polite">
          {paletteText.nothing}
        </p>
      )}
    </>
  );
}

/** The page is in the browser now, or the choice is kept. */
function useCloseWhenDone({
  pending,
  error,
}: Pick<CallState<'service.open'>, 'pending' | 'error'>): void {
  const setView = useSetView();
  const wasPending = useRef(false);
  useEffect(() => {
    if (wasPending.current && !pending && !error) setView({ palette: false });
    wasPending.current = pending;
  }, [pending, error, setView]);
}

/** Of the page it leads to, as in the rail; a service as in the list. */
function Icon({ entry }: { entry: Entry }) {
  if (entry.kind !== 'action') return <ServiceIcon service={entry.service} size={15} />;
  const Shape = ACTION_ICONS[entry.action];
  return <Shape size={15} aria-hidden />;
}

const ACTION_ICONS: Record<Action, LucideIcon> = {
  ...PAGE_ICONS,
  refresh: RotateCw,
  'sign-in': LogIn,
  'sign-out': LogOut,
  'check-updates': Download,
  'restart-to-update': Download,
};

function Choice({ entry, chosen, onRun }: { entry: Entry; chosen: boolean; onRun: () => void }) {
  return (
    // The keys are the field's: the focus stays there, as a combobox wants it.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus -- the field has both
    <div
      id={entry.id}
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role -- <option> needs a <select>, which takes the focus
      role="option"
      aria-selected={chosen}
      className="palette-choice"
      ref={(element) => {
        if (chosen) element?.scrollIntoView({ block: 'nearest' });
      }}
      onClick={onRun}
    >
      <Icon entry={entry} />
      <span className="one-line">{entry.title}</span>
      <span className="sub one-line">{entry.hint}</span>
      {chosen && <CornerDownLeft size={14} aria-hidden />}
    </div>
  );
}
