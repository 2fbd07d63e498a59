// What people call a service, for lists that know its id.
import { useTruth } from '../../window-context.tsx';

export function useServiceName(): (id: string) => string {
  const services = useTruth(({ slices }) => slices.catalog.services);
  const names = new Map(services.map(({ id, friendlyName }) => [id, friendlyName]));
  // One that is no longer published is still in the log.
  return (id) => names.get(id) ?? id;
}
