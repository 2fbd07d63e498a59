// Everything that clients show to the TLS servers of this process: certificates, and every byte of every request.
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type TLSSocket } from 'node:tls';
import type { TestEdge } from './start-edge.ts';

export interface Seen {
  /** PEM of every client certificate. */
  certificates: Set<string>;
  /** Request lines, headers and bodies, one after the other. */
  text: string;
  /** Handshakes that came to nothing, those aside that the client itself broke off. */
  failures: string[];
  /** Connections that are open now. */
  open: number;
}

interface Place extends Omit<Seen, 'open'> {
  sockets: Set<TLSSocket>;
}

const BROKEN_OFF = /socket hang up|ECONNRESET/;

export interface Tap {
  /** At the ports of this edge. */
  by(edge: TestEdge): Seen;
  stop(): void;
}

export function tapServers(): Tap {
  const seen = new Map<number, Place>();
  const emit = Reflect.get(Server.prototype, 'emit') as (...args: unknown[]) => boolean;

  /** Of the listener: a TLS server may be handed its connections by another one that listens. */
  function at(server: Server, { localPort }: { localPort?: number | undefined }): Place {
    const port = (server.address() as AddressInfo | null)?.port ?? localPort ?? 0;
    const known = seen.get(port);
    if (known) return known;
    const place = {
      certificates: new Set<string>(),
      text: '',
      failures: [],
      sockets: new Set<TLSSocket>(),
    };
    seen.set(port, place);
    return place;
  }

  function keepCertificate(server: Server, socket: TLSSocket): void {
    const { raw } = (socket.getPeerCertificate() as { raw?: Buffer } | null) ?? {};
    if (raw) at(server, socket).certificates.add(new X509Certificate(raw).toString());
  }

  function read(server: Server, request: IncomingMessage): void {
    const place = at(server, request.socket);
    place.text += `${request.method} ${request.url}\n${request.rawHeaders.join('\n')}\n`;
    const push = request.push.bind(request);
    request.push = (chunk: Buffer | null, encoding) => {
      if (chunk) place.text += chunk.toString();
      return push(chunk, encoding);
    };
  }

  Server.prototype.emit = function (this: Server, event: string | symbol, ...args: unknown[]) {
    if (event === 'secureConnection') {
      const socket = args[0] as TLSSocket;
      const { sockets } = at(this, socket);
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      keepCertificate(this, socket);
    } else if (event === 'request' || event === 'connect' || event === 'checkContinue') {
      read(this, args[0] as IncomingMessage);
    } else if (event === 'tlsClientError') {
      keepCertificate(this, args[1] as TLSSocket);
      if (!BROKEN_OFF.test(String(args[0])))
        at(this, args[1] as TLSSocket).failures.push(String(args[0]));
    }
    return Reflect.apply(emit, this, [event, ...args]);
  };

  return {
    by({ edge }) {
      const { document } = edge;
      const urls = [`https://${edge.organisation}`, document.command_center, document.est.device];
      const ports = new Set([edge.accessTierPort, ...urls.map((url) => Number(new URL(url).port))]);
      const places = [...ports].flatMap((port) => seen.get(port) ?? []);
      return {
        certificates: new Set(places.flatMap(({ certificates }) => [...certificates])),
        text: places.map(({ text }) => text).join('\n'),
        failures: places.flatMap(({ failures }) => failures),
        open: places.reduce((sum, { sockets }) => sum + sockets.size, 0),
      };
    },
    stop: () => void Reflect.deleteProperty(Server.prototype, 'emit'),
  };
}
