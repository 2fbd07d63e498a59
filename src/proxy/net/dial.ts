// Opens connections under a deadline: TCP, and TLS with a verified peer. What went wrong is told as a DialError.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  type ConnectionOptions,
  connect as connectTls,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { TlsLanding } from './landing.ts';
import { loopbackLookup } from './loopback.ts';

export type DialFailure =
  | 'name-not-found'
  | 'unreachable'
  | 'timed-out'
  | 'aborted'
  /** The server's certificate is not one we trust for that name. */
  | 'untrusted'
  /** The server turned our client certificate down. */
  | 'certificate-refused'
  /** Any other end of the handshake. */
  | 'handshake-failed';

export class DialError extends Error {
  override readonly name = 'DialError';
  readonly failure: DialFailure;

  constructor(failure: DialFailure, cause?: unknown) {
    super(failure, { cause });
    this.failure = failure;
  }
}

export interface DialTarget {
  host: string;
  port: number;
  /** For the whole of resolving, connecting and shaking hands. */
  deadlineMs: number;
  signal?: AbortSignal | undefined;
}

export async function dialTcp({ host, port, deadlineMs, signal }: DialTarget): Promise<Socket> {
  const socket = connectTcp({
    host,
    port,
    lookup: loopbackLookup,
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  });
  await settled(socket, 'connect', deadlineMs, signal);
  return socket;
}

export interface TlsDialTarget extends DialTarget {
  /** SNI and the name that the certificate must carry. */
  serverName: string;
  secureContext: SecureContext;
  /** Resumes this session (RFC 8446 2.2): half the work of a handshake. */
  session?: Buffer | undefined;
  /** ALPN (RFC 7301), best first. */
  protocols?: readonly string[];
  /** Speaks TLS over this connection instead of a new one. */
  over?: Socket;
  /** Tickets to resume with, as they come: in TLS 1.3 after the handshake. */
  onSession?: (session: Buffer, socket: TLSSocket) => void;
}

/** With TLS 1.3 a refused client certificate shows only after this resolved: see `isCertificateRefusal`. */
export async function dialTls(target: TlsDialTarget): Promise<TLSSocket> {
  const landing = target.over ? null : new TlsLanding();
  // `allowHalfOpen` is documented for tls.connect and missing from its types.
  const options: ConnectionOptions & { allowHalfOpen: boolean } = {
    ...(target.over ? { socket: target.over } : { host: target.host, port: target.port }),
    // An IP literal is no server name (RFC 6066 3). Without one Node would check the certificate for the dialled host.
    servername: isIP(target.serverName) ? '' : target.serverName,
    checkServerIdentity: (_dialled, certificate) =>
      checkServerIdentity(target.serverName, certificate),
    secureContext: target.secureContext,
    lookup: loopbackLookup,
    allowHalfOpen: true,
    ...(landing && { onread: landing.onread }),
    ...(target.session && { session: target.session }),
    ...(target.protocols && { ALPNProtocols: [...target.protocols] }),
  };
  const socket = connectTls(options);
  landing?.belongTo(socket);
  const { onSession } = target;
  if (onSession) socket.on('session', (session: Buffer) => onSession(session, socket));
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 30_000);
  await settled(socket, 'secureConnect', target.deadlineMs, target.signal);
  return socket;
}

function settled(
  socket: Socket,
  event: string,
  deadlineMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (failure: DialFailure, cause?: unknown) => {
      done();
      socket.on('error', () => {}); // a late second error of the same socket says nothing new
      socket.destroy();
      reject(new DialError(failure, cause));
    };
    const onReady = () => {
      done();
      resolve();
    };
    const onError = (error: Error) => fail(classify(error), error);
    const onClose = () => fail('handshake-failed');
    const onAbort = () => fail('aborted');
    const deadline = setTimeout(() => fail('timed-out'), deadlineMs);
    const done = () => {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', onAbort);
      socket.off(event, onReady).off('error', onError).off('close', onClose);
    };
    socket.on(event, onReady).on('error', onError).on('close', onClose);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
  });
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** A TLS alert about our client certificate (RFC 8446 6.2), which in TLS 1.3 arrives after the handshake. */
export const isCertificateRefusal = (error: unknown): boolean =>
  /^ERR_SSL_(?:TLSV1|SSLV3|TLSV13|SSL\/TLS)_?ALERT_(?:.*CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)/i.test(
    codeOf(error),
  );

// Codes of OpenSSL's verification results (X509_V_ERR_*) as Node reports them, and of Node's own name check.
const UNTRUSTED =
  /^(?:UNABLE_TO|CERT_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_MISMATCH|PATH_LENGTH|ERR_TLS_CERT_ALTNAME)/;

function classify(error: Error): DialFailure {
  // Happy Eyeballs reports one error per address; the first is as good as any.
  const cause = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  const code = codeOf(cause);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'name-not-found';
  if (code === 'ETIMEDOUT') return 'timed-out';
  if (
    /^E(?:CONNREFUSED|HOSTUNREACH|NETUNREACH|ADDRNOTAVAIL|HOSTDOWN|NETDOWN|ACCES|INVAL)$/.test(code)
  ) {
    return 'unreachable';
  }
  if (isCertificateRefusal(cause)) return 'certificate-refused';
  if (UNTRUSTED.test(code)) return 'untrusted';
  return 'handshake-failed';
}
