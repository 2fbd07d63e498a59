// A far end that speaks CONNECT inside mutual TLS, over HTTP/1.1 and, by ALPN, HTTP/2 (RFC 9113 8.5): every target is an
// echo or what the test makes of it, `closed.lab:7` is refused, `silent.lab:7` is never answered.
import { once } from 'node:events';
import {
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer, type TLSSocket } from 'node:tls';
import { readHead } from '../../src/proxy/net/http-head.ts';
import type { Credentials } from '../../src/proxy/index.ts';

export interface ConnectTier {
  port: number;
  /** TLS connections that finished their handshake so far, and how many of them resumed a session. */
  connections: () => { full: number; resumed: number };
  /** Common names of the client certificates, in order. */
  people: string[];
  /** The same for each tunnel, whatever connection carries it. */
  served: string[];
  /** When each TCP connection came, by `performance.now()`. */
  dialledAt: number[];
  /** Every connection dies without a word. */
  cutAll: () => void;
  stop: () => Promise<void>;
}

export interface ConnectTierOptions {
  protocols?: string[];
  /** Answers every resumed handshake by ending it. */
  refusesResumption?: boolean;
  maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  port?: number;
  /** What a target does with its end of a tunnel. */
  behave?: (stream: Duplex) => void;
  /** How many tunnels one HTTP/2 connection may carry. */
  maxStreams?: number;
  /** Bytes that each HTTP/2 connection takes before it has passed them on. */
  window?: number;
}

const PROBLEM = JSON.stringify({
  type: 'about:blank',
  title: 'Not allowed',
  status: 403,
  detail: 'closed.lab is not part of this collection.',
  code: 'target_not_allowed',
  correlation_id: 'c-7',
});

export async function startConnectTier(
  identity: Credentials,
  {
    protocols = ['h2', 'http/1.1'],
    maxVersion = 'TLSv1.3',
    port = 0,
    behave = (stream) => void stream.pipe(stream),
    maxStreams = 10_000,
    window,
  }: ConnectTierOptions = {},
): Promise<ConnectTier> {
  const raw = new Set<Socket>();
  const counts = { full: 0, resumed: 0 };
  const people: string[] = [];
  const served: string[] = [];
  const dialledAt: number[] = [];
  const http2 = createHttp2Server({
    settings: { initialWindowSize: window ?? 1024 * 1024, maxConcurrentStreams: maxStreams },
    peerMaxConcurrentStreams: 10_000,
    maxSessionMemory: 256,
  });
  http2.on('session', (session: ServerHttp2Session) => {
    session.on('error', () => {});
    if (window) session.setLocalWindowSize(window);
  });
  http2.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on('error', () => {});
    const target = headers[':authority'];
    if (target === 'silent.lab:7') return;
    if (target === 'closed.lab:7') {
      stream.respond({ ':status': 403, 'content-type': 'application/problem+json' });
      stream.end(PROBLEM);
      return;
    }
    served.push(nameOf(stream.session?.socket as TLSSocket));
    stream.respond({ ':status': 200 });
    behave(stream);
  });
  const server = createServer(
    {
      key: identity.key,
      cert: identity.certificate,
      ca: identity.ca,
      requestCert: true,
      rejectUnauthorized: true,
      allowHalfOpen: true,
      maxVersion,
      ...(protocols.length > 0 && { ALPNProtocols: protocols }),
    },
    (socket: TLSSocket) => {
      if (socket.isSessionReused()) counts.resumed += 1;
      else counts.full += 1;
      people.push(nameOf(socket));
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === 'h2') http2.emit('connection', socket);
      else {
        const person = nameOf(socket);
        void serveHttp1(socket, (stream) => {
          served.push(person);
          behave(stream);
        });
      }
    },
  );
  server.on('connection', (socket: Socket) => {
    dialledAt.push(performance.now());
    raw.add(socket);
    socket.on('close', () => raw.delete(socket)).on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const cutAll = (): void => {
    for (const socket of raw) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => ({ ...counts }),
    people,
    served,
    dialledAt,
    cutAll,
    async stop() {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      cutAll();
      await closed;
    },
  };
}

const nameOf = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject?.CN);

async function serveHttp1(socket: TLSSocket, behave: (stream: Duplex) => void): Promise<void> {
  try {
    const { startLine } = await readHead(socket, 60_000);
    const target = startLine.split(' ')[1];
    if (target === 'silent.lab:7') return;
    if (target === 'closed.lab:7') {
      socket.end(
        `HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: ${PROBLEM.length}\r\n\r\n${PROBLEM}`,
      );
      return;
    }
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    behave(socket);
  } catch {
    socket.destroy(); // nothing was asked for
  }
}
