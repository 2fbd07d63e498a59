// Narrows a long list to one kind of service. The numbers are of what the search has found.
import type { Service, ServiceType } from '../../../shared/model/service.ts';
import { servicesText, typeNames } from '../../text/services.ts';
import { useSetView, useView } from '../../window-context.tsx';

export function TypeFilter(props: { types: readonly ServiceType[]; services: readonly Service[] }) {
  const chosen = useView((view) => view.type);
  const setView = useSetView();
  const count = (type: ServiceType | null): number =>
    type === null
      ? props.services.length
      : props.services.filter((service) => service.type === type).length;
  return (
    <fieldset className="type-filter" aria-label={servicesText.filter}>
      {[null, ...props.types].map((type) => (
        <button
          key={type ?? 'all'}
          type="button"
          className="chip"
          aria-pressed={chosen === type}
          onClick={() => setView({ type: chosen === type ? null : type })}
        >
          {type === null ? servicesText.allTypes : typeNames[type]} <span>{count(type)}</span>
        </button>
      ))}
    </fieldset>
  );
}
