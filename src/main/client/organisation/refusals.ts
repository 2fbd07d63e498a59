// What a 401 or 403 of the organisation means: about this device, or about the person's session. See docs/protocol.md 8.
import { AppError } from '../../../shared/errors.ts';
import { problemDocument } from '../../../shared/protocol/refusals.ts';
import type { Answer } from './connection.ts';
import { parseJson } from './first-trust.ts';

export interface Refusal {
  /** `device`: its certificate is not accepted, no fresh token helps. `expired`: too old. `revoked`: never again. */
  about: 'device' | 'expired' | 'revoked' | 'session';
  /** What the organisation says, or ''. */
  detail: string;
}

/** null: the answer refuses nobody. */
export function readRefusal({ status, body }: Pick<Answer, 'status' | 'body'>): Refusal | null {
  if (status !== 401 && status !== 403) return null;
  const problem = problemDocument.partial().safeParse(parseJson(body)).data;
  const detail = problem?.detail ?? '';
  switch (problem?.code) {
    case 'device_revoked':
      return { about: 'revoked', detail };
    case 'certificate_missing':
    case 'certificate_invalid':
      return { about: 'device', detail };
    case 'certificate_expired':
      return { about: 'expired', detail };
    default:
      return { about: 'session', detail };
  }
}

export const deviceRefused = (organisation: string, { about, detail }: Refusal): AppError =>
  about === 'expired'
    ? new AppError(
        'device/certificate-expired',
        `The certificate that ${organisation} gave to this device has ended.`,
      )
    : new AppError(
        'device/certificate-refused',
        `${organisation} no longer accepts this device.${detail && ` ${detail}`}`,
      );

/** An older server has no such address, or not for this method. What it does know and refuses has a code of its own. */
export const isUnknownThere = ({ status }: Pick<Answer, 'status'>): boolean =>
  status === 404 || status === 405 || status === 501;
