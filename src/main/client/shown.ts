// What front ends see: the organisations, and the state of the active one. Numbered, and told to whoever listens.
import type {
  Links,
  Registration,
  SignalListener,
  Slices,
  Snapshot,
} from '../../shared/ipc/contract.ts';
import type { KnownOrganisation } from '../../shared/model/device.ts';
import { type Managed, notManaged } from '../../shared/model/managed.ts';
import { signedOut } from '../../shared/model/session.ts';
import { defaultSettings, type ShownSettings } from '../../shared/model/settings.ts';
import { unregistered } from '../../shared/model/device.ts';
import type { Updates } from '../../shared/model/updates.ts';
import type { Log } from './ports.ts';
import type { OwnSlices, State, Tell } from './state.ts';

export interface Shown {
  readonly slices: Readonly<Slices>;
  readonly revisions: Snapshot['revisions'];
  organisations(known: readonly KnownOrganisation[]): void;
  registration(registration: Registration): void;
  managed(managed: Managed): void;
  settings(settings: ShownSettings): void;
  links(change: Partial<Links>): void;
  updates(updates: Updates): void;
  /** For a state that is not shown yet: what it tells goes nowhere until then, and nowhere again once another one is. */
  place(): { tell: Tell; show(state: Pick<State, 'slices'>): void };
  subscribe(listener: SignalListener): () => void;
}

/** Which organisation it is comes last: no window shows what is of one under the name of the other. */
const ORDER = ['tunnels', 'catalog', 'session', 'device'] as const satisfies (keyof OwnSlices)[];

export function createShown(log: Log): Shown {
  const listeners = new Set<SignalListener>();
  const slices: Slices = {
    organisations: [],
    registration: { status: 'none' },
    managed: notManaged,
    device: unregistered,
    session: signedOut,
    catalog: { status: 'empty', services: [] },
    tunnels: { states: {}, ports: {} },
    settings: { values: defaultSettings, managed: null },
    links: { invite: null, service: null },
    updates: { status: 'idle' },
  };
  const revisions: Snapshot['revisions'] = {
    organisations: 0,
    registration: 0,
    managed: 0,
    device: 0,
    session: 0,
    catalog: 0,
    tunnels: 0,
    settings: 0,
    links: 0,
    updates: 0,
  };
  let current: object | null = null;

  function replace<Slice extends keyof Slices>(slice: Slice, value: Slices[Slice]): void {
    if (slices[slice] === value) return;
    slices[slice] = value;
    revisions[slice] += 1;
    for (const listener of listeners) {
      try {
        listener(`${slice}.changed`, { revision: revisions[slice], value } as never);
      } catch (error) {
        log.error('a listener failed', { slice, error });
      }
    }
  }

  return {
    slices,
    revisions,
    organisations: (known) => replace('organisations', known),
    registration: (registration) => replace('registration', registration),
    managed: (managed) => replace('managed', managed),
    settings: (settings) => replace('settings', settings),
    links: (change) => replace('links', { ...slices.links, ...change }),
    updates: (updates) => replace('updates', updates),
    place() {
      const mine = {};
      return {
        tell(slice, value) {
          if (current === mine) replace(slice, value);
        },
        show(state) {
          current = mine;
          for (const slice of ORDER) replace(slice, state.slices[slice]);
        },
      };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
