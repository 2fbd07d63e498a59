// The HTTP listeners: one for everybody, one that asks for DeviceCerts, one for browsers on loopback.
import { constants } from 'node:crypto';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { SecureContext } from 'node:tls';
import { callbackify } from 'node:util';
import type { ServerCertificates } from './authority/server-certificates.ts';

const LIMITS = { headersTimeout: 15_000, requestTimeout: 30_000, maxHeaderSize: 32 * 1024 };

export interface TlsServerOptions {
  /** The one name it answers to. */
  host: string;
  serverCertificates: ServerCertificates;
  /** PEM of the intermediate whose certificates are asked for; absent: none is asked for. */
  deviceIntermediate?: string;
}

export function createTlsHttpServer(options: TlsServerOptions): HttpServer {
  const { host, serverCertificates, deviceIntermediate } = options;
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
  return server;
}

/** Without a limit for whole requests: uploads to web services take what they take. */
export const createBrowserServer = (): HttpServer =>
  createHttpServer({ ...LIMITS, requestTimeout: 0 });
