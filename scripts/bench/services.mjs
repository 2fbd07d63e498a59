// What the Access-Tier stand-in offers behind its ports (native/tier.c), and how a candidate's local ports map to it.
export const SERVER_NAME = 'localhost';

/** The targets of a CONNECT: the port picks the service. */
export const TARGETS = {
  echo: 'echo.test:7',
  discard: 'discard.test:9',
  generate: 'generate.test:19',
};

export const SERVICES = {
  echo: { offset: 0, mode: 'TCP' },
  discard: { offset: 1, mode: 'TCP' },
  generate: { offset: 2, mode: 'TCP' },
  connect: { offset: 3, mode: 'CHAIN' },
};

/** @typedef {{ echo: number, discard: number, generate: number, connect: number }} Ports */

/** @param {number} first @returns {Ports} */
export const portsFrom = (first) =>
  /** @type {Ports} */ (
    Object.fromEntries(Object.entries(SERVICES).map(([name, { offset }]) => [name, first + offset]))
  );
