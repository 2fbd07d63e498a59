// Which service a connection is for, by where it came in and the name that it asks for (HostedService spec: attributes),
// and how each service is reached from elsewhere.
import type { TLSSocket } from 'node:tls';
import type { HostAndPort } from '../../shared/protocol/host-port.ts';
import type { ServiceDocument } from '../command-center/documents.ts';
import type { PublishedService, Rulebook } from '../command-center/rulebook.ts';
import { covers, parseAddress, parseCidr } from '../policy/addresses.ts';
import { coversName } from '../policy/names.ts';

export interface Place {
  port: number;
  /** Of this machine; absent: not known yet. */
  address?: string | undefined;
  /** Empty: no name was asked for. */
  serverName: string;
}

export interface FrontendsOptions {
  rulebook: Pick<Rulebook, 'services'>;
  /** That the Access Tier listens at for every service without ports of its own. */
  ownPort: () => number;
  /** How that port is seen from elsewhere, and under which host; without one, under the domain of each service. */
  outer: { host?: string | undefined; port?: number | undefined };
  /** What this Access Tier is tagged with. */
  hostTags: Readonly<Record<string, string>>;
}

export interface Frontends {
  at(place: Place): PublishedService | undefined;
  of(socket: TLSSocket): PublishedService | undefined;
  /** By name alone, wherever it listens. */
  named(name: string): PublishedService | undefined;
  /** Where this service is met here; empty: its host tags are of another Access Tier. */
  portsOf(document: ServiceDocument): number[];
  /** Of services whose names, or whose ports, exclude each other: the id of the other one. */
  conflictOf(id: string, document: ServiceDocument): string | undefined;
  /** The one to which connections without a name come, too. */
  anyNameAt(port: number): PublishedService | undefined;
  isServedHere(document: ServiceDocument): boolean;
  /** Null: there is no one name to dial, or it is not served here. */
  addressOf(service: PublishedService): HostAndPort | null;
  outerPortOf(document: ServiceDocument): number;
}

export function createFrontends(options: FrontendsOptions): Frontends {
  const { rulebook, ownPort, outer, hostTags } = options;
  /** Documents are written with the ports that people see. */
  const inner = (port: number): number => (port === outer.port ? ownPort() : port);

  const isServedHere = ({ spec }: ServiceDocument): boolean =>
    spec.attributes.hostTags.length === 0 ||
    spec.attributes.hostTags.some((selector) => hasAll(hostTags, selector));
  const listensAt = ({ spec }: ServiceDocument, { port, address }: Omit<Place, 'serverName'>) => {
    const { frontends } = spec.attributes;
    if (frontends.length === 0) return port === ownPort();
    return frontends.some(
      (frontend) => inner(frontend.port) === port && isWithin(frontend.cidr, address),
    );
  };
  const here = (): PublishedService[] =>
    rulebook.services().filter(({ document }) => isServedHere(document));
  /** Of all Access Tiers: what is another one's by its exact name is not taken by a `*.` service of this one. */
  const named = (name: string): PublishedService | undefined => {
    const services = rulebook.services();
    return (
      services.find(({ document }) => namesOf(document).includes(name)) ??
      services.find(({ document }) => namesOf(document).some((known) => coversName(known, name)))
    );
  };
  const at = ({ port, address, serverName }: Place): PublishedService | undefined => {
    const found = named(serverName.toLowerCase());
    if (found) {
      const isHere = isServedHere(found.document) && listensAt(found.document, { port, address });
      return isHere ? found : undefined;
    }
    return here().find(
      ({ document }) => takesAnyName(document) && listensAt(document, { port, address }),
    );
  };
  const conflictOf = (own: string, document: ServiceDocument): string | undefined => {
    const names = namesOf(document);
    const innerPorts = ({ spec }: ServiceDocument) =>
      spec.attributes.frontends.map(({ port }) => inner(port));
    const ports = new Set(innerPorts(document));
    return rulebook.services().find(({ id, document: other }) => {
      if (id === own) return false;
      if (namesOf(other).some((name) => names.includes(name))) return true;
      if (!takesAnyName(document) || !takesAnyName(other)) return false;
      return innerPorts(other).some((port) => ports.has(port));
    })?.id;
  };
  const portsOf = (document: ServiceDocument): number[] => {
    if (!isServedHere(document)) return [];
    const { frontends } = document.spec.attributes;
    return frontends.length === 0 ? [ownPort()] : frontends.map(({ port }) => inner(port));
  };
  const outerPortOf = ({ spec }: ServiceDocument): number => {
    const [first] = spec.attributes.frontends;
    const isOwn = first === undefined || inner(first.port) === ownPort();
    return isOwn ? (outer.port ?? ownPort()) : first.port;
  };

  return {
    at,
    of: ({ localPort = 0, localAddress, servername }) =>
      at({ port: localPort, address: localAddress, serverName: servername || '' }),
    named(name) {
      const found = named(name.toLowerCase());
      return found && isServedHere(found.document) ? found : undefined;
    },
    portsOf,
    conflictOf,
    isServedHere,
    anyNameAt: (port) =>
      here().find(({ document }) => takesAnyName(document) && listensAt(document, { port })),
    addressOf({ document }) {
      const { domain } = document.metadata.tags;
      if (!isServedHere(document) || domain.startsWith('*.')) return null;
      return { host: outer.host ?? domain, port: outerPortOf(document) };
    },
    outerPortOf,
  };
}

/** Of a service that takes whatever comes to its port, the names that are known of it. */
export const namesOf = ({ metadata, spec }: ServiceDocument): readonly string[] =>
  spec.attributes.names.length > 0 ? spec.attributes.names : [metadata.tags.domain];

/** That its certificate is for, whoever issues it. */
export const certificateNames = (document: ServiceDocument): string[] => [
  ...new Set([
    document.metadata.tags.domain,
    ...namesOf(document),
    ...document.spec.cert_settings.dnsNames,
  ]),
];

/** `tls_sni` unset: what comes to its frontend addresses is its own, whatever it asks for. */
export const takesAnyName = ({ spec }: ServiceDocument): boolean =>
  spec.attributes.names.length === 0 && spec.attributes.frontends.length > 0;

const isWithin = (cidr: string, address: string | undefined): boolean => {
  if (cidr === '' || address === undefined) return true;
  const [range, own] = [parseCidr(cidr), parseAddress(address)];
  return range !== null && own !== null && covers(range, own);
};

/** Values are alternatives with `|` between them, or `*`. The product writes its keys with a prefix. */
const hasAll = (
  tags: Readonly<Record<string, string>>,
  selector: Readonly<Record<string, string>>,
): boolean =>
  Object.entries(selector).every(([key, wanted]) => {
    if (wanted === '*') return true;
    const own = tags[key.replace(/^com\.banyanops\.hosttag\./, '')];
    return own !== undefined && wanted.split('|').includes(own);
  });
