// TCP mode: raw bytes to one fixed service.
import type { Duplex } from 'node:stream';
import type { Route } from './route.ts';

/** Opens the way; throws AppError when there is none. Nothing is read from `near`: many servers speak first. */
export const routeTcp: Route = async (
  _near,
  { dial, spec },
): Promise<{ far: Duplex; target: string }> => ({
  far: await dial(),
  target: spec.serverName,
});
