// CHAIN mode: the local port is an HTTP proxy for a collection. Reads CONNECT and answers it.
import type { Duplex } from 'node:stream';
import { AppError, explain } from '../../shared/errors.ts';
import {
  formatHostPort,
  type HostAndPort,
  parseHostPort,
} from '../../shared/protocol/host-port.ts';
import { type Head, HeadError, readHead } from '../net/http-head.ts';
import { type Route, TargetError } from './route.ts';

const LOCAL_HEAD_DEADLINE_MS = 30_000;
/** How long a client may take to close after it was answered. */
const LINGER_MS = 2_000;

export const routeHttpConnect: Route = async (near, { open }) => {
  const request = await readRequest(near);
  if (!request) return null;
  const target = formatHostPort(request);
  try {
    const early = near.read() as Buffer | null;
    const far = await open(request, early ?? undefined);
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
