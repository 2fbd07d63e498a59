// `banyan://open/<service id>`: a page asks that a service be opened. Anybody can make one, so it only ever leads to a
// question.
import { serviceId } from './text.ts';

/** The service id, or null: it is no such link. Nothing may follow the id. */
export function parseOpenLink(text: string): string | null {
  const link = text.trim();
  const [, id = ''] = link.length <= 300 ? (/^banyan:\/\/open\/([^/]*)\/?$/i.exec(link) ?? []) : [];
  return serviceId.safeParse(id).data ?? null;
}
