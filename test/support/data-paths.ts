// The ways that bytes take through the engine, so that a promise about bytes is proved for each of them.
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import type { Credentials } from '../../src/proxy/index.ts';
import { readHead } from '../../src/proxy/net/http-head.ts';
import type { LocalAddress } from '../../src/shared/model/tunnel.ts';
import { startConnectTier } from './connect-tier.ts';
import { aTunnel, program, runEngine, type RunningEngine } from './running-engine.ts';
import { startTlsTier } from './tls-tier.ts';

export const PATHS = ['TCP', 'CHAIN by HTTP/2', 'CHAIN by HTTP/1.1'] as const;
export type Path = (typeof PATHS)[number];

export interface DataPath {
  engine: RunningEngine;
  address: LocalAddress;
  /** A local program's connection to the far end, with both directions open. */
  connect: () => Promise<Socket>;
  stop: () => Promise<void>;
}

export interface DataPathParts {
  server: Credentials;
  person: Credentials;
  /** The far end of every connection, with both directions open; 'error' is listened to. */
  behave: (stream: Duplex) => void;
}

export async function openDataPath(
  path: Path,
  { server, person, behave }: DataPathParts,
): Promise<DataPath> {
  const tier =
    path === 'TCP'
      ? await startTlsTier(server, behave, server.ca, true)
      : await startConnectTier(server, {
          behave,
          protocols: [path === 'CHAIN by HTTP/2' ? 'h2' : 'http/1.1'],
        });
  const engine = await runEngine(person);
  const address = await engine.open(aTunnel(tier.port, { mode: path === 'TCP' ? 'TCP' : 'CHAIN' }));
  return {
    engine,
    address,
    connect: () => (path === 'TCP' ? program(address) : tunnelTo(address)),
    async stop() {
      await engine.stop();
      await tier.stop();
    },
  };
}

/** CONNECT through a CHAIN port; `early` goes right behind the request, and no byte behind the answer is lost. */
export async function tunnelTo(
  address: LocalAddress,
  { target = 'host.lab:22', early = '' } = {},
): Promise<Socket> {
  const socket = await program(address);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n${early}`);
  const { startLine } = await readHead(socket, 10_000);
  if (!startLine.includes(' 200 ')) throw new Error(`no tunnel: ${startLine}`);
  return socket;
}
