// What the palette finds, as a plain function: services by name, type and address, and what can be done.
import { canConnect, type Service, whyNotConnectable } from '../../../shared/model/service.ts';
import { canClose, canOpen, type Tunnel } from '../../../shared/model/tunnel.ts';
import { mayCheck, type Updates } from '../../../shared/model/updates.ts';
import { type Page, PAGES } from '../../stores/view.ts';
import { kindOf } from '../../text/services.ts';
import { paletteText } from '../../text/palette.ts';
import { type Findable, found, tunnelOf } from '../services/service-view.ts';

export type Action = Page | 'refresh' | 'sign-in' | 'sign-out' | UpdateAction;
type UpdateAction = 'check-updates' | 'restart-to-update';

export type Entry =
  | {
      id: string;
      kind: 'service';
      service: Service;
      does: 'connect' | 'open' | 'disconnect' | 'details';
      title: string;
      hint: string;
    }
  | {
      id: string;
      kind: 'auto-connect';
      service: Service;
      isOn: boolean;
      title: string;
      hint: string;
    }
  | { id: string; kind: 'action'; action: Action; title: string; hint: string };

const ABOUT_SERVICES: ReadonlySet<Action> = new Set(['services', 'refresh']);
/** More than fit are found by typing more. */
const MOST_SERVICES = 30;

export interface Findings {
  services: readonly Findable[];
  states: Readonly<Record<string, Tunnel>>;
  favourites: ReadonlySet<string>;
  isSignedIn: boolean;
  /** false: the organisation wants none shown. */
  showsServices: boolean;
  updates: Updates;
  /** Service whose details are open. */
  selected: string | null;
  autoConnects: (service: Service) => boolean;
}

export function entriesFor(query: string, findings: Findings): Entry[] {
  const { states, favourites, isSignedIn, updates } = findings;
  const services = findings.showsServices ? findings.services : [];
  const all: Action[] = [
    ...PAGES,
    ...updateActions(updates),
    ...(isSignedIn ? (['refresh', 'sign-out'] as const) : (['sign-in'] as const)),
  ];
  const actions = all.filter((action) => findings.showsServices || !ABOUT_SERVICES.has(action));
  const wanted = query.trim().toLowerCase();
  const matching = actions.filter((action) =>
    paletteText.actions[action].toLowerCase().includes(wanted),
  );
  return [
    ...likelyFirst(found(services, query), favourites)
      .slice(0, MOST_SERVICES)
      .map((service) => serviceEntry(service, tunnelOf(states, service.id), isSignedIn)),
    ...autoConnectEntries(query, { ...findings, services }),
    ...matching.map((action): Entry => ({
      id: `action-${action}`,
      kind: 'action',
      action,
      title: paletteText.actions[action],
      hint: '',
    })),
  ];
}

function updateActions(updates: Updates): UpdateAction[] {
  if (updates.status === 'ready') return ['restart-to-update'];
  return mayCheck(updates) ? ['check-updates'] : [];
}

/** Enter does something with the first one: favourites, and what is closed for this person after what is not. */
function likelyFirst(services: readonly Service[], favourites: ReadonlySet<string>): Service[] {
  const rank = (service: Service): number =>
    !isUseful(service) ? 2 : favourites.has(service.id) ? 0 : 1;
  const ranks: Service[][] = [[], [], []];
  for (const service of services) ranks[rank(service)]?.push(service);
  return ranks.flat();
}
const isUseful = (service: Service): boolean =>
  canConnect(service) || whyNotConnectable(service) === 'web';

function serviceEntry(service: Service, tunnel: Tunnel, isSignedIn: boolean): Entry {
  const does = canClose(tunnel)
    ? 'disconnect'
    : !isSignedIn || !isUseful(service) || !canOpen(tunnel)
      ? 'details'
      : canConnect(service)
        ? 'connect'
        : 'open';
  return {
    id: `service-${service.id}`,
    kind: 'service',
    service,
    does,
    title: service.friendlyName,
    hint: `${kindOf(service)} · ${paletteText.does[does]}`,
  };
}

/** "auto" and a few letters of a service; without those of a service, for the one that is looked at. */
function autoConnectEntries(query: string, findings: Findings): Entry[] {
  const { services, selected, autoConnects } = findings;
  const typed = query.trim().toLowerCase().split(/\s+/);
  const others = typed.filter((word) => !isAboutAutoConnect(word));
  if (others.length === typed.length) return [];
  const asked =
    others.length > 0 ? services : services.filter(({ service }) => service.id === selected);
  return found(asked, others.join(' '))
    .filter(canConnect)
    .slice(0, MOST_SERVICES)
    .map((service) => {
      const isOn = autoConnects(service);
      return {
        id: `auto-connect-${service.id}`,
        kind: 'auto-connect',
        service,
        isOn,
        title: paletteText.autoConnect(service.friendlyName, isOn),
        hint: paletteText.autoConnectHint(isOn),
      };
    });
}

const isAboutAutoConnect = (word: string): boolean =>
  word.length >= 4 && ('automatically'.startsWith(word) || 'auto-connect'.startsWith(word));
