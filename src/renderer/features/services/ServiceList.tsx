// The groups and their rows, walked with the arrow keys.
import type { KeyboardEvent } from 'react';
import { servicesText } from '../../text/services.ts';
import { useSetView, useView } from '../../window-context.tsx';
import type { Row, ServiceGroup } from './service-view.ts';
import { ServiceRow } from './ServiceRow.tsx';

const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };

/** Moves the focus from row to row, from the search field to the first one, and sideways into open details. */
export function walkRows(event: KeyboardEvent<HTMLElement>): void {
  const page = event.currentTarget.closest('[data-page]');
  if (event.key === 'ArrowRight' && (event.target as HTMLElement).matches('.row-open')) {
    page?.querySelector<HTMLElement>('.details')?.focus();
  }
  const step = steps[event.key];
  if (step === undefined) return;
  const rows = [...(page?.querySelectorAll<HTMLElement>('.row-open') ?? [])];
  const here = (event.target as HTMLElement).closest('.row')?.querySelector('.row-open');
  const next = rows[rows.findIndex((row) => row === here) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** Those still on their way are not counted as connected. */
const countOf = (group: ServiceGroup, rows: readonly Row[]): number | null =>
  group === 'connected'
    ? rows.filter(({ tunnel }) => tunnel.status === 'open').length || null
    : rows.length;

export function ServiceList({ groups }: { groups: { group: ServiceGroup; rows: Row[] }[] }) {
  const selected = useView((view) => view.selected);
  const setView = useSetView();
  return (
    // Arrow keys are a short cut between buttons that Tab reaches as well.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className="groups" onKeyDown={walkRows}>
      {groups.map(({ group, rows }) => (
        <section key={group} aria-labelledby={`group-${group}`}>
          <h2 className="group-name" id={`group-${group}`}>
            {servicesText.groups[group]} <span>{countOf(group, rows)}</span>
          </h2>
          <ul className="rows">
            {rows.map(({ service, tunnel }) => (
              <ServiceRow
                key={service.id}
                service={service}
                tunnel={tunnel}
                selected={selected === service.id}
                onSelect={() => setView({ selected: service.id, editPort: null })}
                onChoosePort={() => setView({ selected: service.id, editPort: service.id })}
              />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}
