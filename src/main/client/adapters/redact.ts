// What may stand in a log: values under keys that name secrets, and texts that look like one, are struck out.
import { AppError, isErrorCode } from '../../../shared/errors.ts';

const SECRET_KEY =
  /token|secret|password|passphrase|authorization|cookie|private|verifier|^(?:code|key|invite)$|key$/i;
const JWT = /\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g;
const PEM_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const BEARER = /\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi;
const QUERY_SECRET =
  /\b(code|state|token|access_token|refresh_token|id_token|client_secret|code_verifier|request_uri)=[^&\s"']+/gi;
/** Where the browser starts a sign-in: `identity/redirect-listener.ts`. */
const START_PATH = /(\/start\/)[\w-]{20,}/g;
const STRUCK_OUT = '[redacted]';
const LONGEST_TEXT = 4_000;
const DEEPEST = 6;

export function redactText(text: string): string {
  const clean = text
    .replace(PEM_KEY, STRUCK_OUT)
    .replace(JWT, STRUCK_OUT)
    .replace(BEARER, `$1 ${STRUCK_OUT}`)
    .replace(QUERY_SECRET, `$1=${STRUCK_OUT}`)
    .replace(START_PATH, `$1${STRUCK_OUT}`);
  return clean.length > LONGEST_TEXT ? `${clean.slice(0, LONGEST_TEXT)}…` : clean;
}

export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return '…';
  if (value instanceof Error) return redactError(value, depth);
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => redact(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      // A stable error code is no secret; a sign-in code is.
      SECRET_KEY.test(key) && typeof item !== 'boolean' && !isCodeOfError(key, item)
        ? STRUCK_OUT
        : redact(item, depth + 1),
    ]),
  );
}

const isCodeOfError = (key: string, item: unknown): boolean => key === 'code' && isErrorCode(item);

/** An expected failure, and what it was translated from, is its code and its words; a stack is for what nobody foresaw. */
function redactError(error: Error, depth: number, withPlaces = !isExpected(error)): unknown {
  const { cause } = error;
  return {
    ...(withPlaces && { name: error.name }),
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    message: redactText(error.message),
    ...(withPlaces && { stack: placesOf(error) }),
    ...(cause !== undefined && {
      cause:
        cause instanceof Error && depth + 1 < DEEPEST
          ? redactError(cause, depth + 1, withPlaces)
          : redact(cause, depth + 1),
    }),
  };
}

const isExpected = (error: Error): boolean =>
  error instanceof AppError && error.code !== 'internal';

/** Only places: the stack begins with the message, however many lines that has. */
const placesOf = ({ stack = '' }: Error): string[] =>
  stack
    .split('\n')
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, 8)
    .map(redactText);
