// Small words for node:http: bounded bodies, answers, problem documents (RFC 9457).
import { randomUUID } from 'node:crypto';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { RefusalCode } from '../../shared/protocol/refusals.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

/** An answer that ends a request early; anything else thrown is a 500 without its text. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  readonly code: RefusalCode | undefined;
  /** In the answer, and in the audit log where there is an entry. */
  readonly correlationId = randomUUID();

  constructor(status: number, message: string, code?: RefusalCode) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Why a request is not for this server: another host is named, or two of them (RFC 9112 3.2). Node would take the first. */
export const misdirected = (request: IncomingMessage): HttpRefusal =>
  namesOneHost(request)
    ? new HttpRefusal(421, 'This server does not answer for that name.')
    : new HttpRefusal(400, 'The request does not name one host.');

/** With a user before it or a path behind it, backends may take another part of it for the host. */
const HOST_ALONE = /^[^\s@/\\?#]+$/;
export const namesOneHost = ({ headersDistinct: { host = [] } }: IncomingMessage): boolean =>
  host.length === 1 && HOST_ALONE.test(host[0] ?? '');

const BODY_LIMIT = 64 * 1024;

export async function readBody(request: IncomingMessage, limit = BODY_LIMIT): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new HttpRefusal(413, 'The request is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Record<string, string>,
): void {
  response.writeHead(status, {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  });
  response.end(body);
}

export const sendJson = (
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void =>
  send(response, status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers });

export function problem(
  status: number,
  detail: string,
  code?: RefusalCode,
  correlationId: string = randomUUID(),
): string {
  return JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    ...(code && { code }),
    correlation_id: correlationId,
  });
}

export const sendProblem = (response: ServerResponse, refusal: HttpRefusal): void =>
  send(
    response,
    refusal.status,
    problem(refusal.status, refusal.message, refusal.code, refusal.correlationId),
    {
      'Content-Type': 'application/problem+json',
      ...(refusal.status === 401 && { 'WWW-Authenticate': 'Basic realm="banyan", Bearer' }),
      ...(refusal.status === 413 && { Connection: 'close' }),
    },
  );
