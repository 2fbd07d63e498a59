// The client's truth: four slices, each replaced whole by a pure transition, numbered, and told to whoever listens.
import type { SignalListener, Slices, Snapshot, Tunnels } from '../../shared/ipc/contract.ts';
import {
  type Device,
  type DeviceEvent,
  nextDevice,
  unregistered,
} from '../../shared/model/device.ts';
import {
  nextSession,
  type Session,
  type SessionEvent,
  signedOut,
} from '../../shared/model/session.ts';
import { closed, nextTunnel, type Tunnel, type TunnelEvent } from '../../shared/model/tunnel.ts';
import type { Log } from './ports.ts';

export interface State {
  readonly slices: Readonly<Slices>;
  readonly revisions: Snapshot['revisions'];
  device(event: DeviceEvent): Device;
  session(event: SessionEvent): Session;
  tunnel(service: string, event: TunnelEvent): Tunnel;
  /** Several at once, told as one change: front ends get the whole slice each time. */
  tunnels(events: Iterable<readonly [service: string, event: TunnelEvent]>): void;
  /** Catalogue and ports have no transitions of their own: they are copies of what was read. */
  catalog(catalog: Slices['catalog']): void;
  ports(ports: Tunnels['ports']): void;
  /** Every tunnel is over, e.g. because the organisation is another one now. */
  forgetTunnels(): void;
  subscribe(listener: SignalListener): () => void;
}

export function createState(log: Log): State {
  const listeners = new Set<SignalListener>();
  const revisions: Snapshot['revisions'] = { device: 0, session: 0, catalog: 0, tunnels: 0 };
  const slices: Slices = {
    device: unregistered,
    session: signedOut,
    catalog: { status: 'empty', services: [] },
    tunnels: { states: {}, ports: {} },
  };

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
    device(event) {
      const next = nextDevice(slices.device, event);
      if (next !== slices.device) log.info('device', { event: event.type, status: next.status });
      replace('device', next);
      return next;
    },
    session(event) {
      const next = nextSession(slices.session, event);
      if (next !== slices.session) log.info('session', { event: event.type, status: next.status });
      replace('session', next);
      return next;
    },
    tunnel(service, event) {
      const before = slices.tunnels.states[service] ?? closed;
      const next = nextTunnel(before, event);
      if (next !== before) {
        log.info('tunnel', { service, event: event.type, status: next.status });
        const states = { ...slices.tunnels.states, [service]: next };
        replace('tunnels', { ...slices.tunnels, states });
      }
      return next;
    },
    tunnels(events) {
      const before = slices.tunnels.states;
      const changed: Record<string, Tunnel> = {};
      for (const [service, event] of events) {
        const was = before[service] ?? closed;
        const next = nextTunnel(was, event);
        if (next !== was) changed[service] = next;
      }
      if (Object.keys(changed).length === 0) return;
      replace('tunnels', { ...slices.tunnels, states: { ...before, ...changed } });
    },
    catalog: (catalog) => replace('catalog', catalog),
    ports: (ports) => replace('tunnels', { ...slices.tunnels, ports }),
    forgetTunnels: () => replace('tunnels', { states: {}, ports: {} }),
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
