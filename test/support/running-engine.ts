// An engine with what it reports, for tests of the data plane.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  createEngine,
  type Credentials,
  type Engine,
  type TunnelFact,
  type TunnelSink,
  type TunnelSpec,
} from '../../src/proxy/index.ts';
import type { LocalAddress } from '../../src/shared/model/tunnel.ts';

export interface RunningEngine extends Engine {
  facts: TunnelFact[];
  /** Those of one kind. */
  told: <Type extends TunnelFact['type']>(type: Type) => Extract<TunnelFact, { type: Type }>[];
}

export async function runEngine(
  credentials: Credentials | null,
  create: (sink: TunnelSink) => Engine = createEngine,
): Promise<RunningEngine> {
  const facts: TunnelFact[] = [];
  const engine = create((fact) => facts.push(fact));
  await engine.setCredentials(credentials);
  const told = <Type extends TunnelFact['type']>(type: Type) =>
    facts.filter((fact): fact is Extract<TunnelFact, { type: Type }> => fact.type === type);
  return {
    facts,
    told,
    open: (spec) => engine.open(spec),
    close: (id, drainMs) => engine.close(id, drainMs),
    setCredentials: (next) => engine.setCredentials(next),
    refuseHeld: (error) => engine.refuseHeld(error),
    checkWays: () => engine.checkWays(),
    stop: (drainMs) => engine.stop(drainMs),
  };
}

export const aTunnel = (port: number, changes: Partial<TunnelSpec> = {}): TunnelSpec => ({
  id: 'svc',
  mode: 'TCP',
  listen: { host: '127.0.0.1', port: 0 },
  accessTier: { host: '127.0.0.1', port },
  serverName: 'svc.test',
  ca: 'organisation',
  includeDomains: [],
  upstreamProxy: null,
  localUsers: 'own',
  ...changes,
});

/** A local program; errors show as an early close. */
export async function program({ host, port }: LocalAddress): Promise<Socket> {
  const socket = connect({ host, port, allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Bytes, or an end of whatever kind: a reset is told by what did not come. */
const somethingNew = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['readable', 'end', 'close']) socket.once(event, () => resolve());
  });

/** Sends `text`, resolves with what comes back for it: as many bytes, or fewer when the connection ends before. */
export async function echoed(socket: Socket, text: string): Promise<string> {
  let received = '';
  socket.write(text);
  while (received.length < text.length && !socket.readableEnded && !socket.destroyed) {
    const chunk = socket.read() as Buffer | null;
    if (chunk) received += chunk.toString();
    else {
      await somethingNew(socket);
    }
  }
  return received;
}

/** CONNECT through a CHAIN port; the socket carries raw bytes when the status is 200. */
export async function connectTo(
  address: LocalAddress,
  target: string,
): Promise<{ status: number; text: string; socket: Socket }> {
  const socket = await program(address);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  let text = '';
  while (!text.includes('\r\n\r\n') && !socket.readableEnded && !socket.destroyed) {
    const chunk = socket.read() as Buffer | null;
    if (chunk) text += chunk.toString();
    else {
      await somethingNew(socket);
    }
  }
  return { status: Number(text.split(' ')[1]), text, socket };
}
