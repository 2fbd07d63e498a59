// The groups and their rows. A long list renders only what is in sight.
import { servicesText } from '../../text/services.ts';
import { useView } from '../../window-context.tsx';
import { LongList } from './LongList.tsx';
import type { Group, Row } from './service-view.ts';
import type { Place } from './place.ts';
import { ServiceRow } from './ServiceRow.tsx';
import { walkRows } from './walk-rows.ts';

/** So many rows cost nothing, and every one of them can be found by the browser and reached by Tab. */
const WHOLE_UP_TO = 100;

/** Rows that are still on their way are not called connected, and a number that is not that of the rows is no count. */
function countOf({ group, rows }: Group): number | null {
  const areAll = group !== 'connected' || rows.every(({ tunnel }) => tunnel.status === 'open');
  return areAll ? rows.length : null;
}

export function ServiceList({ groups }: { groups: Group[] }) {
  const selected = useView((view) => view.selected);
  const row = ({ service, tunnel, isFavourite }: Row, place?: Place) => (
    <ServiceRow
      key={service.id}
      service={service}
      tunnel={tunnel}
      isFavourite={isFavourite}
      selected={selected === service.id}
      {...place}
    />
  );
  const head = (group: Group) => (
    <h2 className="group-name" id={`group-${group.group}`}>
      {servicesText.groups[group.group]} <span>{countOf(group)}</span>
    </h2>
  );
  const length = groups.reduce((sum, { rows }) => sum + rows.length, 0);
  return (
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- hears the arrow keys of its rows, see walk-rows.ts
    <div className="groups" onKeyDown={walkRows}>
      {length > WHOLE_UP_TO ? (
        <LongList groups={groups} head={head} row={row} />
      ) : (
        groups.map((group) => (
          <section key={group.group} aria-labelledby={`group-${group.group}`}>
            {head(group)}
            <ul className="rows">{group.rows.map((each) => row(each))}</ul>
          </section>
        ))
      )}
    </div>
  );
}
