// One HTTP CONNECT inside the TLS session (RFC 9110 9.3.6) and its refusals as problem documents (RFC 9457).
import { STATUS_CODES } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { HeadError, readHead } from '../../proxy/net/http-head.ts';
import { type HostAndPort, parseHostPort } from '../../shared/protocol/text.ts';
import { problem } from '../http/exchange.ts';
import type { Refusal } from './reach.ts';

/** `null`: the client ended without asking. Bytes behind the head stay in the socket. */
export async function readConnect(
  socket: TLSSocket,
  deadlineMs: number,
): Promise<HostAndPort | 'malformed' | null> {
  try {
    const { startLine } = await readHead(socket, deadlineMs);
    const [, authority = ''] = /^CONNECT (\S{1,300}) HTTP\/1\.[01]$/.exec(startLine) ?? [];
    return parseAuthority(authority);
  } catch (error) {
    return error instanceof HeadError && error.failure === 'ended' ? null : 'malformed';
  }
}

/** Authority form: the port is not optional. */
export const parseAuthority = (authority: string): HostAndPort | 'malformed' =>
  (authority.length <= 300 && /:\d{1,5}$/.test(authority) && parseHostPort(authority, 0)) ||
  'malformed';

export function refuseConnect(
  socket: TLSSocket,
  { status, denial }: Refusal,
  correlationId: string,
): void {
  const body = problem(status, denial.reason, denial.code, correlationId);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
