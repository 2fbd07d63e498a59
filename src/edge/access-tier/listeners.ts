// The TLS ports of the Access Tier: its own, and those that services are defined with. They all behave alike; which
// services answer at which of them, `frontends` says.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import {
  createServer as createTlsServer,
  type SecureContext,
  type Server as TlsServer,
  type TLSSocket,
} from 'node:tls';
import { callbackify } from 'node:util';
import type { ShownCertificate } from '../authority/server-certificates.ts';
import type { ServiceDocument } from '../command-center/documents.ts';
import type { Rulebook } from '../command-center/rulebook.ts';
import { listen, type PortWish } from '../http/listen.ts';
import { type Log, reason } from '../log.ts';
import { createTurns } from '../turns.ts';
import { chooseProtocol, isChallenge } from './alpn.ts';
import type { Capacity, Place } from './capacity.ts';
import type { Frontends } from './frontends.ts';
import type { ServiceCertificates } from './service-certificates.ts';

export interface ListenersOptions {
  host: string;
  /** The Access Tier's own. */
  port: PortWish;
  /** PEM of the intermediate whose certificates are asked for. */
  trustIntermediate: string;
  rulebook: Rulebook;
  frontends: Frontends;
  certificates: ServiceCertificates;
  /** What proves to an ACME directory that a name is ours; null: none is asked. */
  challenges: { challengeFor(name: string): Promise<SecureContext> } | null;
  capacity: Capacity;
  limits: { handshakeMs: number };
  serve(socket: TLSSocket): void;
  /** What comes without TLS to a port where that can be a health check; everywhere else it is rejected unread. */
  unencrypted: { isExpectedAt: (port: number) => boolean; serve: (socket: Socket) => void };
  log: Log;
}

export interface Listeners {
  /** Of the Access Tier itself. */
  readonly port: number;
  /** Opens what services need and closes what none needs any more. What cannot be opened is logged. */
  sync(): Promise<void>;
  /** Why a port that this service needs cannot be opened; null: all are, until the next `sync` finds them unused. */
  problemOf(document: ServiceDocument): Promise<{ port: number; reason: string } | null>;
  /** That services need and something else has. */
  closed(): number[];
  /** No new connections; `drained` ends those that there are. */
  stop(drained: () => Promise<void>): Promise<void>;
}

interface Listener {
  server: Server;
  unproven: Map<string, { socket: Socket; place: Place }>;
}

/** `ownPort` is told before anybody can connect. */
export async function openListeners(
  options: ListenersOptions,
  ownPort: (port: number) => void,
): Promise<Listeners> {
  const { rulebook, frontends, host, log } = options;
  const all = new Map<number, Listener>();
  const failed = new Map<number, string>();
  const inTurn = createTurns();
  let stopped = false;

  const open = async (wish: PortWish): Promise<number> => {
    const listener = createListener(options);
    const port = await listen(listener.server, host, wish);
    all.set(port, listener);
    return port;
  };
  const port = await open(options.port);
  ownPort(port);

  const openFor = async (wanted: number): Promise<void> => {
    if (stopped || all.has(wanted)) return;
    const { address } = options.port;
    try {
      await open({ port: wanted, ...(address !== undefined && { address }) });
      failed.delete(wanted);
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? reason(error);
      // Once, not at every change of something else.
      if (failed.get(wanted) !== why) {
        log('error', 'a port of a service cannot be opened', { port: wanted, reason: why });
      }
      failed.set(wanted, why);
    }
  };
  const sync = async (): Promise<void> => {
    if (stopped) return;
    const wanted = new Set(
      rulebook.services().flatMap(({ document }) => frontends.portsOf(document)),
    );
    for (const each of failed.keys()) if (!wanted.has(each)) failed.delete(each);
    for (const each of wanted) await openFor(each);
    for (const [each, { server }] of all) {
      if (each === port || wanted.has(each)) continue;
      all.delete(each);
      server.close();
    }
  };

  return {
    port,
    closed: () => [...failed.keys()],
    sync: () => inTurn(sync),
    problemOf: (document) =>
      inTurn(async () => {
        for (const wanted of frontends.portsOf(document)) {
          await openFor(wanted);
          const why = failed.get(wanted);
          if (why !== undefined && !all.has(wanted)) return { port: wanted, reason: why };
        }
        return null;
      }),
    async stop(drained) {
      stopped = true;
      const closed = [...all.values()].map(
        ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
      );
      await drained();
      // What never got through its handshake has nothing to drain.
      for (const { unproven } of all.values()) {
        for (const { socket } of unproven.values()) socket.destroy();
      }
      await Promise.all(closed);
    },
  };
}

/** Accepts, then shakes hands: whoever finds no place costs no handshake. */
function createListener(options: ListenersOptions): Listener {
  const { capacity, limits, unencrypted, log } = options;
  const unproven: Listener['unproven'] = new Map();
  const portOf = (): number => (server.address() as AddressInfo | null)?.port ?? 0;
  const handshakes = createHandshakes(options, portOf, (socket) => {
    const raw = unproven.get(peerOf(socket));
    unproven.delete(peerOf(socket));
    raw?.place.proven();
    socket.once('close', () => {
      // What was reset is closed below the raw socket, which would then wait for its own end for ever.
      raw?.place.leave();
      raw?.socket.destroy();
    });
    // Not before: whoever goes away during the handshake would keep a place until its deadline.
    socket.allowHalfOpen = true;
    socket.on('error', () => socket.destroy()); // resets are ordinary
    options.serve(socket);
  });
  const prepare = defaultCertificate(options, handshakes);
  let toldWhyNot = '';
  const server = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 },
    (socket) => {
      socket.on('error', () => socket.destroy());
      const place = capacity.enter(socket.remoteAddress ?? '');
      if (!place) {
        socket.destroy();
        return;
      }
      const peer = peerOf(socket);
      unproven.set(peer, { socket, place });
      socket.once('close', () => {
        if (unproven.get(peer)?.socket === socket) unproven.delete(peer);
        place.leave();
      });
      const port = portOf();
      const shakeHands = (): void => {
        prepare(port)
          // Others at this port have names and certificates of their own.
          .catch((error: unknown) => {
            // Once, not for everybody who comes.
            const why = reason(error);
            if (why === toldWhyNot) return;
            toldWhyNot = why;
            log('error', 'whoever asks for no name is shown no certificate', { reason: why });
          })
          .then(() => handshakes.emit('connection', socket))
          .catch((error: unknown) => {
            log('error', 'a handshake could not begin', { reason: reason(error) });
            socket.destroy();
          });
      };
      if (unencrypted.isExpectedAt(port)) {
        lookAtFirstByte(socket, limits.handshakeMs, shakeHands, unencrypted.serve);
      } else shakeHands();
    },
  );
  return { server, unproven };
}

/** Of a TLS record that begins a handshake (RFC 8446 5.1). */
const HANDSHAKE = 0x16;

function lookAtFirstByte(
  socket: Socket,
  deadlineMs: number,
  asTls: () => void,
  asPlain: (socket: Socket) => void,
): void {
  const deadline = setTimeout(() => socket.destroy(), deadlineMs);
  socket.once('close', () => clearTimeout(deadline));
  socket.once('readable', () => {
    clearTimeout(deadline);
    const bytes = socket.read() as Buffer | null;
    if (bytes === null) {
      socket.destroy(); // it ended without a word
      return;
    }
    socket.unshift(bytes);
    if (bytes[0] === HANDSHAKE) asTls();
    else asPlain(socket);
  });
}

/** A TLS server that never listens. */
function createHandshakes(
  options: ListenersOptions,
  portOf: () => number,
  proven: (socket: TLSSocket) => void,
): TlsServer {
  const { frontends, certificates, challenges, limits } = options;
  // In TLS 1.3 the protocol is chosen before the certificate. Were it the other way round, an ordinary certificate would be
  // shown, which proves nothing to a directory.
  const challenged = new WeakSet<TLSSocket>();
  const server = createTlsServer(
    {
      // No name, an unknown name or no TLS at all ends the connection, unless a service takes whatever comes there.
      SNICallback(this: TLSSocket, name, done) {
        if (challenges && challenged.has(this)) {
          // At whichever port it comes: a directory comes to the name, and knows nothing of services.
          callbackify(() => challenges.challengeFor(name.toLowerCase()))(done);
          return;
        }
        const service = frontends.at({ port: portOf(), serverName: name });
        if (!service) {
          done(new Error('unknown server name'));
          return;
        }
        callbackify(async () => (await certificates.of(service.document)).context)(done);
      },
      ALPNCallback(this: TLSSocket, { servername, protocols }) {
        if (challenges && servername && isChallenge(protocols)) {
          challenged.add(this);
          return protocols[0];
        }
        return chooseProtocol(
          protocols,
          frontends.at({ port: portOf(), serverName: servername || '' })?.document.spec.backend
            .http_connect === true,
        );
      },
      requestCert: true,
      // What was presented is judged by `admit`, which is stricter, tells why, and also sees resumed sessions.
      rejectUnauthorized: false,
      ca: options.trustIntermediate,
      // Not 1.2: there Node does not tell the server name of a resumed session, and certificates travel in the clear.
      minVersion: 'TLSv1.3',
      handshakeTimeout: limits.handshakeMs,
    } as Parameters<typeof createTlsServer>[0],
    proven,
  );
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return server;
}

/** Whoever asks for no name is shown the certificate of the service that takes any: Node asks nobody for it. */
function defaultCertificate(
  { frontends, certificates, trustIntermediate }: ListenersOptions,
  handshakes: TlsServer,
): (port: number) => Promise<void> {
  let shownNow: ShownCertificate | null = null;
  return async (port) => {
    const service = frontends.anyNameAt(port);
    if (!service) return;
    const shown = await certificates.of(service.document);
    if (shown === shownNow) return;
    const { key, cert } = shown;
    handshakes.setSecureContext({ key, cert, ca: trustIntermediate, minVersion: 'TLSv1.3' });
    shownNow = shown;
  };
}

export const peerOf = ({ remoteAddress, remotePort }: Socket): string =>
  `${remoteAddress} ${remotePort}`;
