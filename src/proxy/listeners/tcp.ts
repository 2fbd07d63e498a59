// Raw bytes from the first one on. Nothing is read from `near`: many servers speak first.
import { formatHostPort, type HostAndPort } from '../../shared/protocol/host-port.ts';
import type { Route } from './route.ts';

/** TCP mode: one fixed service. */
export const routeTcp: Route = async (_near, { open, spec }) => ({
  far: await open(null),
  target: spec.serverName,
});

/** One fixed target of a collection: what `ProxyCommand … --target %h:%p` wants. */
export const routeTo =
  (target: HostAndPort): Route =>
  async (_near, { open }) => ({ far: await open(target), target: formatHostPort(target) });
