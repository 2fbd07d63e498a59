// Narrows the list: to what is starred, to what is connected, to one kind. The numbers are of what the search has found.
import type { ServiceType } from '../../../shared/model/service.ts';
import type { Narrowed } from '../../stores/view.ts';
import { servicesText, typeNames } from '../../text/services.ts';
import { useSetView, useView } from '../../window-context.tsx';
import { isAmong, type Row } from './service-view.ts';

const wordOf = (choice: Narrowed | null): string => {
  if (choice === null) return servicesText.allTypes;
  if (choice === 'favourites') return servicesText.favourites;
  return choice === 'connected' ? servicesText.groups.connected : typeNames[choice];
};

export function Filter({ types, rows }: { types: readonly ServiceType[]; rows: readonly Row[] }) {
  const chosen = useView((view) => view.narrowed);
  const setView = useSetView();
  const choices: (Narrowed | null)[] = [null, 'favourites', 'connected', ...types];
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
          {wordOf(choice)} <span>{rows.filter((row) => isAmong(row, choice)).length}</span>
        </button>
      ))}
    </fieldset>
  );
}
