// What this port says in its own name over HTTP: refusals, failures, the PAC. Always one answer, then the end.
import type { Duplex } from 'node:stream';
import { AppError, type ErrorCode, explain } from '../../shared/errors.ts';
import { DialError } from '../net/dial.ts';

/** How long a client may take to close after it was answered. */
const LINGER_MS = 2_000;

export interface Answer {
  /** With its phrase: `404 Not Found`. */
  status: string;
  /** One plain sentence; or a document, where `type` says so. */
  text: string;
  type?: string;
  /** The answer to HEAD: all but the body. */
  withoutBody?: boolean;
  fields?: string;
}

/** `nosniff`, same-origin and no CORS fields: a web page that reaches this port learns nothing from what it gets. */
export function formatAnswer(answer: Answer): string {
  const { status, text, type = 'text/plain; charset=utf-8', withoutBody, fields = '' } = answer;
  const body = text && `${text}\n`;
  return (
    `HTTP/1.1 ${status}\r\nContent-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    `X-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\nCache-Control: no-store\r\n` +
    `${fields}Connection: close\r\n\r\n${withoutBody ? '' : body}`
  );
}

export const answerHttp = (near: Duplex, answer: Answer): Promise<void> =>
  endWith(near, formatAnswer(answer));

export function answerFailure(near: Duplex, error: unknown): Promise<void> {
  return answerHttp(near, { status: statusOf(error), text: sentenceOf(error) });
}

/** Says it, ends, and waits for the client to close. Resolves at once when there is nobody to tell. */
export async function endWith(near: Duplex, last: string | Buffer): Promise<void> {
  if (near.destroyed || near.writableEnded) return;
  const closed = new Promise<void>((resolve) => {
    const deadline = setTimeout(resolve, LINGER_MS);
    near.once('close', () => {
      clearTimeout(deadline);
      resolve();
    });
  });
  near.end(last);
  // Closing with unread bytes would reset the connection and take the answer with it: read on until the client closes.
  near.resume();
  await closed;
}

const STATUS: Partial<Record<ErrorCode, string>> = {
  'tunnel/denied': '403 Forbidden',
  'tunnel/target-refused': '403 Forbidden',
  'tunnel/local-program-refused': '403 Forbidden',
  'tunnel/certificate-missing': '503 Service Unavailable',
  'tunnel/certificate-refused': '503 Service Unavailable',
  'tunnel/certificate-expired': '503 Service Unavailable',
  'tunnel/too-many-connections': '503 Service Unavailable',
  'tunnel/engine-stopped': '503 Service Unavailable',
};

function statusOf(error: unknown): string {
  if (!(error instanceof AppError)) return '502 Bad Gateway';
  return STATUS[error.code] ?? (isTimeOut(error) ? '504 Gateway Timeout' : '502 Bad Gateway');
}

const isTimeOut = ({ details, cause }: AppError): boolean =>
  details?.['refusal'] === 'target_timeout' ||
  (cause instanceof DialError && cause.failure === 'timed-out');

/** One line, whatever the far side wrote. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof AppError)) return 'The Access Tier cannot be reached.';
  const id = error.correlationId ? ` (correlation id ${error.correlationId})` : '';
  return `${explain(error.toWire())}${id}`.replaceAll(/\s+/g, ' ');
}
