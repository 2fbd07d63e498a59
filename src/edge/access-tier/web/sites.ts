// The addresses of a web service, as browsers write them.
import type { PublishedService } from '../../command-center/rulebook.ts';
import { coversName } from '../../policy/names.ts';
import { type Frontends, namesOf } from '../frontends.ts';

export interface Sites {
  /** `https://*.…` stands for one address for each name. */
  secure(service: PublishedService): readonly string[];
  /** Of the same service on plain http, this computer only; empty: there is none. */
  plain(service: PublishedService): readonly string[];
  /** All of them; the one to open comes first. */
  all(service: PublishedService): readonly string[];
}

export function createSites(frontends: Frontends, plainWebPort: number | null): Sites {
  const hostsOf = ({ document }: PublishedService): Set<string> =>
    new Set([document.metadata.tags.domain, ...namesOf(document)]);
  const secure: Sites['secure'] = (service) => {
    const { origins } = service.document.spec.http_settings;
    const port = frontends.outerPortOf(service.document);
    const byName = [...hostsOf(service)].map((host) => new URL(`https://${host}:${port}`).origin);
    return [...new Set([...origins, ...byName])];
  };
  const plain: Sites['plain'] = (service) =>
    plainWebPort === null
      ? []
      : [...hostsOf(service)].map((host) => new URL(`http://${host}:${plainWebPort}`).origin);
  return { secure, plain, all: (service) => [...plain(service), ...secure(service)] };
}

/** Both `scheme://host[:port]`, as URLs write their origin. */
export function coversOrigin(pattern: string, origin: string): boolean {
  const [wanted, given] = [new URL(pattern), new URL(origin)];
  return (
    wanted.protocol === given.protocol &&
    wanted.port === given.port &&
    coversName(wanted.hostname, given.hostname)
  );
}
