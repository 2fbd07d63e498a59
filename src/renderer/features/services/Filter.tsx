// Narrows the list: to what is starred, to one state, to one kind. The numbers are of what the search has found.
import type { ServiceType } from '../../../shared/model/service.ts';
import type { Narrowed } from '../../stores/view.ts';
import { servicesText, stateWords, typeNames } from '../../text/services.ts';
import { useSetView, useView } from '../../window-context.tsx';
import { isAmong, type Row } from './service-view.ts';

const words = {
  favourites: servicesText.favourites,
  connected: servicesText.groups.connected,
  failed: stateWords.failed,
  denied: stateWords.denied,
  ...typeNames,
} satisfies Record<Narrowed, string>;

const wordOf = (choice: Narrowed | null): string =>
  choice === null ? servicesText.allTypes : words[choice];

/** Offered only where there is something of it: on a good day nobody is told about failures. */
const TROUBLES = ['failed', 'denied'] as const;

export function Filter({ types, rows }: { types: readonly ServiceType[]; rows: readonly Row[] }) {
  const chosen = useView((view) => view.narrowed);
  const setView = useSetView();
  const count = (choice: Narrowed | null): number =>
    rows.filter((row) => isAmong(row, choice)).length;
  const troubles = TROUBLES.filter((choice) => chosen === choice || count(choice) > 0);
  const choices = [null, 'favourites', 'connected', ...troubles, ...types] as const;
  return (
    <fieldset className="type-filter" aria-label={servicesText.filter}>
      {choices.map((choice) => (
        <button
          key={choice ?? 'all'}
          type="button"
          className="chip"
          aria-pressed={chosen === choice}
          onClick={() => setView({ narrowed: chosen === choice ? null : choice })}
        >
          {wordOf(choice)} <span>{count(choice)}</span>
        </button>
      ))}
    </fieldset>
  );
}
