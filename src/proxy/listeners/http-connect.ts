// CHAIN mode: the local port is an HTTP proxy for a collection. Reads CONNECT, opens TLS to the Access Tier, and names the
// destination there by CONNECT again.
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { AppError, explain } from '../../shared/errors.ts';
import {
  formatHostPort,
  type HostAndPort,
  parseHostPort,
} from '../../shared/protocol/host-port.ts';
import { isRefusalCode, refusalError } from '../../shared/protocol/refusal-codes.ts';
import { dialFailure } from '../failures.ts';
import { isIncluded } from '../include-domains.ts';
import { DialError, dialTcp, isCertificateRefusal } from '../net/dial.ts';
import { type Head, HeadError, readHead, readShortBody } from '../net/http-head.ts';
import { type Route, type RouteParts, TargetError } from './route.ts';

const LOCAL_HEAD_DEADLINE_MS = 30_000;
const DIAL_DEADLINE_MS = 20_000;
/** Longer than the Access Tier needs to give up on a silent target. */
const ANSWER_DEADLINE_MS = 40_000;
/** How long a client may take to close after it was answered. */
const LINGER_MS = 2_000;
const MAX_PROBLEM_BYTES = 8 * 1024;

export const routeHttpConnect: Route = async (near, parts) => {
  const { spec, dial, gone } = parts;
  const request = await readRequest(near);
  if (!request) return null;
  const target = formatHostPort(request);
  try {
    const far = isIncluded(request.host, spec.includeDomains)
      ? await openThroughTunnel(await dial(), target, parts)
      : await dialDirectly(request, gone);
    near.write('HTTP/1.1 200 Connection established\r\n\r\n');
    return { far, target };
  } catch (error) {
    await answerFailure(near, error);
    throw new TargetError(target, error);
  }
};

async function readRequest(near: Duplex): Promise<HostAndPort | null> {
  let head: Head;
  try {
    head = await readHead(near, LOCAL_HEAD_DEADLINE_MS);
  } catch (error) {
    if (!(error instanceof HeadError)) throw error;
    if (error.failure === 'too-long') await answer(near, '431 Request Header Fields Too Large', '');
    else near.destroy();
    return null;
  }
  const [method, authority = '', version = ''] = head.startLine.split(' ');
  if (!/^HTTP\/1\.[01]$/.test(version)) {
    await answer(near, '400 Bad Request', 'This port expects HTTP proxy requests.');
    return null;
  }
  if (method !== 'CONNECT') {
    await answer(
      near,
      '501 Not Implemented',
      'This port is an HTTP proxy that tunnels (CONNECT). Tell the program to tunnel; with curl: --proxytunnel.',
    );
    return null;
  }
  const target = parseHostPort(authority, 0);
  if (!target) await answer(near, '400 Bad Request', 'CONNECT needs host:port.');
  return target;
}

async function openThroughTunnel(
  far: TLSSocket,
  target: string,
  { spec, gone }: RouteParts,
): Promise<TLSSocket> {
  // A TLS 1.3 server may turn our certificate down only now; that story beats "ended before an answer".
  let alert: Error | undefined;
  const onError = (error: Error) => (alert = error);
  far.on('error', onError);
  const onGone = () => far.destroy();
  gone.addEventListener('abort', onGone);
  try {
    far.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    const head = await readHead(far, ANSWER_DEADLINE_MS);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head.startLine)?.[1]);
    if (status >= 200 && status < 300) return far;
    throw await refusal(far, head, status, target);
  } catch (error) {
    far.destroy();
    if (error instanceof HeadError) {
      throw dialFailure(
        spec,
        isCertificateRefusal(alert)
          ? new DialError('certificate-refused', alert)
          : new DialError(gone.aborted ? 'aborted' : 'handshake-failed', error),
      );
    }
    throw error;
  } finally {
    far.off('error', onError);
    gone.removeEventListener('abort', onGone);
  }
}

async function refusal(far: Duplex, head: Head, status: number, target: string): Promise<AppError> {
  const body = await readShortBody(far, head, { maxBytes: MAX_PROBLEM_BYTES, deadlineMs: 2_000 });
  const problem = parseProblem(body);
  if (problem) return problem;
  // Not our Access Tier: any HTTP proxy behind mutual TLS may stand there.
  return status === 502 || status === 503 || status === 504
    ? new AppError(
        'tunnel/target-unreachable',
        `The proxy cannot reach ${target} (status ${status}).`,
      )
    : new AppError('tunnel/target-refused', `The proxy refused ${target} (status ${status}).`);
}

function parseProblem(body: string): AppError | null {
  try {
    const { code, detail, correlation_id: id } = JSON.parse(body) as Record<string, unknown>;
    return isRefusalCode(code) && typeof detail === 'string'
      ? refusalError(code, detail.slice(0, 1000), typeof id === 'string' ? id.slice(0, 200) : '')
      : null;
  } catch {
    return null; // no JSON: some other proxy's page
  }
}

async function dialDirectly({ host, port }: HostAndPort, gone: AbortSignal): Promise<Duplex> {
  try {
    return await dialTcp({ host, port, deadlineMs: DIAL_DEADLINE_MS, signal: gone });
  } catch (cause) {
    throw new AppError(
      'tunnel/target-unreachable',
      `${formatHostPort({ host, port })} is not one of the domains of this service, and it cannot be reached directly.`,
      { cause },
    );
  }
}

function answerFailure(near: Duplex, error: unknown): Promise<void> {
  const known = error instanceof AppError ? error : null;
  const status =
    known?.code === 'tunnel/target-refused' || known?.code === 'tunnel/denied'
      ? '403 Forbidden'
      : known?.code === 'tunnel/certificate-missing' || known?.code === 'tunnel/certificate-refused'
        ? '503 Service Unavailable'
        : '502 Bad Gateway';
  return answer(
    near,
    status,
    known ? explain(known.toWire()) : 'The Access Tier cannot be reached.',
  );
}

/** One short answer, then the end. `nosniff` and no CORS fields: a web page that reaches this port learns nothing. */
async function answer(near: Duplex, status: string, text: string): Promise<void> {
  if (near.destroyed) return;
  const body = text && `${text}\n`;
  const closed = new Promise<void>((resolve) => {
    const deadline = setTimeout(resolve, LINGER_MS);
    near.once('close', () => {
      clearTimeout(deadline);
      resolve();
    });
  });
  near.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
      `X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n${body}`,
  );
  // Closing with unread bytes would reset the connection and take the answer with it: read on until the client closes.
  near.resume();
  await closed;
}
