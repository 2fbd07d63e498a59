// The HTTP listeners: one for everybody, one that asks for DeviceCerts, one for browsers on loopback.
import { constants } from 'node:crypto';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext, TLSSocket } from 'node:tls';
import { callbackify } from 'node:util';
import { type CapacityLimits, createCapacity, type Place } from './access-tier/capacity.ts';
import { peerOf } from './access-tier/listeners.ts';
import type { ServerCertificates } from './authority/server-certificates.ts';

const LIMITS = {
  // Node looks for what is too slow every half minute, which would add to each limit.
  connectionsCheckingInterval: 5_000,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  maxHeaderSize: 32 * 1024,
};

/** As at the Access Tier: an office may be behind one address, and each of its apps holds an event stream. */
const CAPACITY = { most: 8_192, mostOfSource: 8_192, mostUnprovenOfSource: 512 };

export interface TlsServerOptions {
  /** The one name it answers to. */
  host: string;
  serverCertificates: ServerCertificates;
  /** PEM of the intermediate whose certificates are asked for; absent: none is asked for. */
  deviceIntermediate?: string;
  capacity?: CapacityLimits;
}

export function createTlsHttpServer(options: TlsServerOptions): HttpServer {
  const { host, serverCertificates, deviceIntermediate, capacity = CAPACITY } = options;
  const server = createHttpsServer({
    ...LIMITS,
    minVersion: 'TLSv1.2',
    handshakeTimeout: 10_000,
    SNICallback: (name: string, done: (error: Error | null, context?: SecureContext) => void) => {
      if (name.toLowerCase() !== host) {
        done(new Error('unknown server name'));
        return;
      }
      callbackify(() => serverCertificates.contextFor(host))(done);
    },
    ...(deviceIntermediate && {
      requestCert: true,
      // Judged by `identify` and by the issuer's hooks, request by request: no default lets anything in.
      rejectUnauthorized: false,
      ca: deviceIntermediate,
      // A resumed session would outlive its certificate (Node does not check it again).
      secureOptions: constants.SSL_OP_NO_TICKET,
    }),
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  boundPlaces(server, capacity);
  return server;
}

/** Whoever finds no place costs no handshake; whoever never shakes hands takes no more than its share. */
function boundPlaces(server: HttpServer, limits: CapacityLimits): void {
  const capacity = createCapacity(limits);
  const unproven = new Map<string, Place>();
  // Before the server's own, which would begin the handshake.
  server.prependListener('connection', (socket: Socket) => {
    const place = capacity.enter(socket.remoteAddress ?? '');
    if (!place) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    unproven.set(peer, place);
    socket.once('close', () => {
      if (unproven.get(peer) === place) unproven.delete(peer);
      place.leave();
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const peer = peerOf(socket);
    unproven.get(peer)?.proven();
    unproven.delete(peer);
  });
}

/** Without a limit for whole requests: uploads to web services take what they take. */
export const createBrowserServer = (): HttpServer =>
  createHttpServer({ ...LIMITS, requestTimeout: 0 });
