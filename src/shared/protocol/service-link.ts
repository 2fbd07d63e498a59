// `banyan://open/<service id>` and `banyan://connect/<service id>`: a page asks for a service. Anybody can make one, so it only
// ever leads to a question.
import type { ServiceLink } from '../model/service-link.ts';
import { serviceId } from './text.ts';

/** null: it is no such link. Nothing may follow the id. */
export function parseServiceLink(text: string): ServiceLink | null {
  const link = text.trim();
  if (link.length > 300) return null;
  const [, verb = '', id] = /^banyan:\/\/(open|connect)\/([^/]*)\/?$/i.exec(link) ?? [];
  const { data: service } = serviceId.safeParse(id);
  if (service === undefined) return null;
  return { wants: verb.toLowerCase() === 'open' ? 'open' : 'connect', service };
}
