// What the list is narrowed to, kept over a reload of this window and no longer.
import { SERVICE_TYPES } from '../../shared/model/service.ts';
import { type Filters, noFilters, STATE_FILTERS, type ViewStore } from './view.ts';

const ENTRY = 'service-filters';

export type WindowStorage = Pick<Storage, 'getItem' | 'setItem'>;

export function keepFilters(view: ViewStore, storage: WindowStorage): void {
  view.setState({ filters: readFilters(storage) });
  view.subscribe(({ filters }, before) => {
    if (filters !== before.filters) storage.setItem(ENTRY, JSON.stringify(filters));
  });
}

/** Another version of this window may have written it. */
function readFilters(storage: WindowStorage): Filters {
  try {
    const kept: unknown = JSON.parse(storage.getItem(ENTRY) ?? 'null');
    if (typeof kept !== 'object' || kept === null) return noFilters;
    const among = <Choice>(choices: readonly Choice[], name: string): Choice | null =>
      choices.find((choice) => choice === Reflect.get(kept, name)) ?? null;
    return { state: among(STATE_FILTERS, 'state'), type: among(SERVICE_TYPES, 'type') };
  } catch {
    return noFilters; // not JSON: then nobody has chosen anything that we know of
  }
}
