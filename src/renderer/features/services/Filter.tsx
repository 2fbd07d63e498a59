// Narrows the list: to one state or what is starred, and to one kind, or both. The numbers are what a press would show.
import type { ServiceType } from '../../../shared/model/service.ts';
import { type Filters, noFilters, STATE_FILTERS, type StateFilter } from '../../stores/view.ts';
import { filterWords, servicesText } from '../../text/services.ts';
import { useSetView, useView } from '../../window-context.tsx';
import { isAmong, type Row } from './service-view.ts';

export function Filter({ types, rows }: { types: readonly ServiceType[]; rows: readonly Row[] }) {
  const filters = useView((view) => view.filters);
  const setView = useSetView();
  const count = (change: Partial<Filters>): number =>
    rows.filter((row) => isAmong(row, { ...filters, ...change })).length;
  /** Only where there is something of it: on a good day nobody is told about failures. */
  const isOffered = (state: StateFilter): boolean =>
    filters.state === state || rows.some((row) => isAmong(row, { state, type: null }));
  const states = STATE_FILTERS.filter(isOffered);
  /** A second press takes it back. */
  const chip = <Name extends 'state' | 'type'>(name: Name, choice: NonNullable<Filters[Name]>) => {
    const isOn = filters[name] === choice;
    return (
      <button
        key={choice}
        type="button"
        className="chip"
        aria-pressed={isOn}
        onClick={() => setView({ filters: { ...filters, [name]: isOn ? null : choice } })}
      >
        {filterWords[choice]} <span>{count({ [name]: choice })}</span>
      </button>
    );
  };
  return (
    <div className="filters">
      <fieldset aria-label={servicesText.filterStates}>
        <button
          type="button"
          className="chip"
          aria-pressed={filters.state === null && filters.type === null}
          onClick={() => setView({ filters: noFilters })}
        >
          {servicesText.allServices} <span>{rows.length}</span>
        </button>
        {states.map((state) => chip('state', state))}
      </fieldset>
      {types.length > 0 && (
        <fieldset aria-label={servicesText.filterTypes}>
          {types.map((type) => chip('type', type))}
        </fieldset>
      )}
    </div>
  );
}
