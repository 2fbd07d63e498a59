// The far end of a tunnel for tests of the engine: real TLS that demands a client certificate, and a behaviour to test against.
import { createServer, type Server, type TlsOptions, type TLSSocket } from 'node:tls';
import type { AddressInfo, Socket } from 'node:net';
import type { Credentials } from '../../src/proxy/index.ts';
import { PROBE_PROTOCOL } from '../../src/shared/protocol/probe.ts';

export interface TlsTier {
  port: number;
  /** Connections that finished their handshake so far. */
  accepted: () => number;
  /** New connections are accepted and then never spoken to. */
  pauseAccepting(): void;
  stop(): Promise<void>;
}

export async function startTlsTier(
  identity: Credentials,
  behave: (socket: TLSSocket) => unknown,
  /** Trust anchor for client certificates; others get a TLS alert. */
  clientCa: string = identity.ca,
  /** Says yes to the proof that opening makes, as an Access Tier of ours does, instead of treating it as a connection. */
  answersProbes = false,
  /** More for `tls.createServer`. */
  more: TlsOptions = {},
): Promise<TlsTier> {
  const sockets = new Set<TLSSocket>();
  let accepted = 0;
  const server: Server = createServer(
    {
      key: identity.key,
      cert: identity.certificate,
      ca: clientCa,
      requestCert: true,
      rejectUnauthorized: true,
      allowHalfOpen: true,
      ...(answersProbes && { ALPNProtocols: [PROBE_PROTOCOL] }),
      ...more,
    },
    (socket) => {
      accepted += 1;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
      if (socket.alpnProtocol === PROBE_PROTOCOL) socket.end('yes');
      else behave(socket);
    },
  );
  // Also those that never finish their handshake: the server would wait for them before it closes.
  const raw = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    raw.add(socket);
    socket.on('close', () => raw.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    accepted: () => accepted,
    pauseAccepting() {
      server.removeAllListeners('connection').on('connection', (socket: Socket) => {
        raw.add(socket);
        socket.pause();
      });
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of [...sockets, ...raw]) socket.destroy();
      }),
  };
}
