// Why the Access Tier refuses, and what the client calls it. No library: the engine reads these too.
import { AppError, type ErrorCode } from '../errors.ts';

/** Refusal code → what the client calls it. Values of rules never travel, only which check failed. */
export const REFUSALS = {
  certificate_missing: 'tunnel/certificate-refused',
  certificate_invalid: 'tunnel/certificate-refused',
  certificate_expired: 'tunnel/certificate-refused',
  session_ended: 'tunnel/certificate-refused',
  device_revoked: 'tunnel/certificate-refused',
  registration_refused: 'device/registration-refused',
  service_unknown: 'tunnel/denied',
  service_disabled: 'tunnel/denied',
  no_policy: 'tunnel/denied',
  role: 'tunnel/denied',
  device: 'tunnel/denied',
  trust_level: 'tunnel/denied',
  time: 'tunnel/denied',
  resource: 'tunnel/denied',
  malformed_request: 'tunnel/target-refused',
  target_not_allowed: 'tunnel/target-refused',
  target_unresolvable: 'tunnel/target-unreachable',
  target_unreachable: 'tunnel/target-unreachable',
  target_timeout: 'tunnel/target-unreachable',
} as const satisfies Record<string, ErrorCode>;

export type RefusalCode = keyof typeof REFUSALS;

export const isRefusalCode = (code: unknown): code is RefusalCode =>
  typeof code === 'string' && Object.hasOwn(REFUSALS, code);

export const refusalError = (code: RefusalCode, reason: string, correlationId: string): AppError =>
  new AppError(REFUSALS[code], reason, { correlationId, details: { refusal: code } });
