// What can go wrong on the way to an organisation, translated once: network, TLS, HTTP → codes and plain sentences.
import { AppError } from '../../../shared/errors.ts';

/** Alerts by which a TLS server refuses a client certificate; with TLS 1.3 they come after the client's handshake. */
const CERTIFICATE_ALERT =
  /ALERT_(?:BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|CERTIFICATE_|UNKNOWN_CA|ACCESS_DENIED|NO_CERTIFICATE)/;

/** The chain does not end in the pinned root. */
const FOREIGN_CHAIN = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);
const OUTSIDE_VALIDITY = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID']);

/** Codes of an error and its causes, outermost first. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 6 && current instanceof Error; depth += 1) {
    if ('code' in current && typeof current.code === 'string') codes.push(current.code);
    if (current instanceof AggregateError) codes.push(...current.errors.flatMap(codesOf));
    current = current.cause;
  }
  return codes;
}

export const isOutsideValidity = (error: unknown): boolean =>
  codesOf(error).some((code) => OUTSIDE_VALIDITY.has(code));

/** An AppError for a request to `host` that got no answer. */
export function translateNetworkFailure(error: unknown, host: string): AppError {
  if (error instanceof AppError) return error;
  const codes = codesOf(error);
  const details = { host };
  if (codes.some((code) => CERTIFICATE_ALERT.test(code))) {
    return new AppError(
      'device/certificate-refused',
      `${host} refused the certificate of this device.`,
      { cause: error, details },
    );
  }
  if (codes.some((code) => FOREIGN_CHAIN.has(code))) {
    return new AppError(
      'device/root-mismatch',
      `${host} identified itself with a certificate that is not from your organisation.`,
      { cause: error, details },
    );
  }
  if (codes.some((code) => OUTSIDE_VALIDITY.has(code))) {
    return invalidAnswer(host, 'its certificate has expired or is not valid yet', error);
  }
  if (codes.includes('ERR_TLS_CERT_ALTNAME_INVALID')) {
    return invalidAnswer(host, 'its certificate carries another name', error);
  }
  if (codes.includes('UND_ERR_RES_EXCEEDED_MAX_SIZE')) {
    return invalidAnswer(host, 'it is too large', error);
  }
  return new AppError('organisation/unreachable', `${host} cannot be reached: ${why(codes)}.`, {
    cause: error,
    details,
  });
}

function why(codes: string[]): string {
  const is = (...candidates: string[]): boolean => candidates.some((code) => codes.includes(code));
  if (is('ENOTFOUND', 'EAI_AGAIN')) return 'its name cannot be resolved';
  if (is('ECONNREFUSED')) return 'nothing answers at that port';
  if (is('EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN')) return 'there is no way to it';
  if (is('ETIMEDOUT') || codes.some((code) => code.includes('TIMEOUT'))) return 'no answer in time';
  return 'the connection broke off';
}

export const invalidAnswer = (host: string, what: string, cause?: unknown): AppError =>
  new AppError('organisation/invalid-answer', `The answer of ${host} cannot be used: ${what}.`, {
    cause,
    details: { host },
  });

export function clockSkew(skewMs: number, cause?: unknown): AppError {
  const minutes = Math.max(1, Math.round(Math.abs(skewMs) / 60_000));
  const amount = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`;
  return new AppError(
    'identity/clock-skew',
    `The clock of this computer is about ${amount} ${skewMs > 0 ? 'behind' : 'ahead'}, so certificates cannot be checked.`,
    { cause },
  );
}
