// Every failure as an answer: a status, a problem document (RFC 9457) with a stable code, what to do, and for documents each
// mistake with its place. `Message` is where existing clients of this interface look for the sentence.
import { randomUUID } from 'node:crypto';
import { type ServerResponse, STATUS_CODES } from 'node:http';
import { AppError, type ErrorCode, remedy, toWireError } from '../../shared/errors.ts';
import { DocumentError } from '../administration/document-error.ts';
import { HttpRefusal, send } from '../http/exchange.ts';
import { type Log, reason } from '../log.ts';

/** One that the calls behind do not know of: of HTTP itself, or of the key. */
export class RestRefusal extends AppError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, { correlationId: randomUUID() });
    this.status = status;
    this.headers = headers;
  }
}

const STATUSES: Partial<Record<ErrorCode, number>> = {
  'edge/document-invalid': 400,
  'edge/value-invalid': 400,
  'edge/not-found': 404,
  'edge/in-use': 409,
  'edge/store-unavailable': 503,
};

export const requestInvalid = (
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): RestRefusal => new RestRefusal(status, 'edge/request-invalid', message, headers);

export function sendRefusal(response: ServerResponse, thrown: unknown, log: Log): void {
  const error = thrown instanceof HttpRefusal ? ofExchange(thrown) : thrown;
  const wire = toWireError(error);
  const correlationId = wire.correlationId ?? randomUUID();
  const status = error instanceof RestRefusal ? error.status : (STATUSES[wire.code] ?? 500);
  if (status === 500) {
    log('error', 'a request of an administrator failed', { reason: reason(thrown), correlationId });
  }
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: wire.message,
    code: wire.code,
    advice: remedy(wire).advice,
    correlation_id: correlationId,
    ...(error instanceof DocumentError && { problems: error.problems }),
    Message: wire.message,
  };
  send(response, status, JSON.stringify(body), {
    'Content-Type': 'application/problem+json',
    ...(error instanceof RestRefusal && error.headers),
  });
}

/** Of HTTP itself: another host is meant, or the body is too large. What is left of it is not waited for. */
const ofExchange = ({ status, message }: HttpRefusal): RestRefusal =>
  requestInvalid(status, message, { Connection: 'close' });
