// A server whose HTTP/2 is a script: TLS and ALPN are real, and every frame behind them is what the test says.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Credentials } from '../../src/proxy/index.ts';
import { type Heard, readFrames } from './http2-peer.ts';

export interface ScriptedTier {
  port: number;
  /** In the order in which they came. */
  connections: ScriptedConnection[];
  stop: () => Promise<void>;
}

export interface ScriptedConnection {
  socket: TLSSocket;
  /** As one TLS record, up to 16 KiB. */
  say: (...frames: Buffer[]) => void;
}

/** `hear` gets each frame of the client; SETTINGS are to be said by the script as well. */
export async function startScriptedTier(
  identity: Credentials,
  hear: (frame: Heard, connection: ScriptedConnection) => void,
): Promise<ScriptedTier> {
  const connections: ScriptedConnection[] = [];
  const server = createServer(
    {
      key: identity.key,
      cert: identity.certificate,
      ca: identity.ca,
      requestCert: true,
      ALPNProtocols: ['h2'],
      allowHalfOpen: true,
    },
    (socket) => {
      const say = (...frames: Buffer[]): void => void socket.write(Buffer.concat(frames));
      const connection = { socket, say };
      connections.push(connection);
      const read = readFrames((frame) => hear(frame, connection));
      socket.on('data', read).on('error', () => {});
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async stop() {
      for (const { socket } of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
