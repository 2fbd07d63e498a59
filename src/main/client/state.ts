// The truth about the active organisation: four slices, each replaced whole by a pure transition, and told to one listener.
import type { Slices, Tunnels } from '../../shared/ipc/contract.ts';
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

type OwnSlice = 'device' | 'session' | 'catalog' | 'tunnels';
export type OwnSlices = Pick<Slices, OwnSlice>;
export type Tell = <Slice extends OwnSlice>(slice: Slice, value: Slices[Slice]) => void;

export interface State {
  readonly slices: Readonly<OwnSlices>;
  device(event: DeviceEvent): Device;
  session(event: SessionEvent): Session;
  tunnel(service: string, event: TunnelEvent): Tunnel;
  /** Several at once, told as one change: front ends get the whole slice each time. */
  tunnels(events: Iterable<readonly [service: string, event: TunnelEvent]>): void;
  /** Catalogue and ports have no transitions of their own: they are copies of what was read. */
  catalog(catalog: Slices['catalog']): void;
  ports(ports: Tunnels['ports']): void;
  /** Every tunnel is over, e.g. because another person signs in. */
  forgetTunnels(): void;
}

export function createState(log: Log, tell: Tell = () => {}): State {
  const slices: OwnSlices = {
    device: unregistered,
    session: signedOut,
    catalog: { status: 'empty', services: [] },
    tunnels: { states: {}, ports: {} },
  };

  const replace: Tell = (slice, value) => {
    if (slices[slice] === value) return;
    slices[slice] = value;
    tell(slice, value);
  };

  return {
    slices,
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
  };
}
