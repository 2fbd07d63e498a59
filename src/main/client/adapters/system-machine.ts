// What this computer says about itself while it runs.
import { networkInterfaces } from 'node:os';
import type { Machine } from '../ports.ts';

export const systemMachine: Machine = {
  steadyMs: () => performance.now(),
  addresses: () => addressesOf(networkInterfaces()),
};

/** Link-local ones come and go with every container and virtual machine, and lead nowhere. */
const LINK_LOCAL = /^(?:fe[89ab][0-9a-f]:|169\.254\.)/i;

export function addressesOf(interfaces: ReturnType<typeof networkInterfaces>): string[] {
  return Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ internal, address }) => !internal && !LINK_LOCAL.test(address))
      .map(({ address }) => `${name}=${address}`),
  );
}
