// TCP mode: raw bytes to one fixed service.
import type { Route } from './route.ts';

/** Nothing is read from `near`: many servers speak first. */
export const routeTcp: Route = async (_near, { open, spec }) => ({
  far: await open(null),
  target: spec.serverName,
});
