// Who is asking: the one check behind EST and the Command Center. DeviceCert, then TrustToken, then whether the
// organisation still accepts both.
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { exhaustive } from '../../shared/exhaustive.ts';
import type { TrustTokenClaims } from '../../shared/protocol/trust-token.ts';
import type { ClientCertificates } from '../authority/client-certificates.ts';
import { HttpRefusal } from '../http/exchange.ts';
import type { DeviceRecord, Store } from '../store/store.ts';

export interface Identity {
  device: DeviceRecord;
  claims: TrustTokenClaims;
  sessionId: string;
}

export interface Identify {
  /** The device of the connection's DeviceCert, not revoked. Throws HttpRefusal 401 or 403. */
  device(request: IncomingMessage): Promise<DeviceRecord>;
  /** The same, and the person whose TrustToken comes as bearer (RFC 6750) from that very device. */
  person(request: IncomingMessage): Promise<Identity>;
}

/** Null: it is no token for this device. */
export type VerifyToken = (
  token: string,
  device: DeviceRecord,
) => Promise<{ claims: TrustTokenClaims; sessionId: string; isLive: boolean } | null>;

export interface IdentifyOptions {
  verifyToken: VerifyToken;
  certificates: ClientCertificates;
  store: Store;
}

export function createIdentify(options: IdentifyOptions): Identify {
  const device = async (request: IncomingMessage): Promise<DeviceRecord> => {
    const presented =
      request.socket instanceof TLSSocket
        ? options.certificates.device(request.socket)
        : ({ status: 'missing' } as const);
    switch (presented.status) {
      case 'missing':
        throw new HttpRefusal(401, 'A device certificate is needed.', 'certificate_missing');
      case 'invalid':
        throw new HttpRefusal(401, 'That is no device certificate.', 'certificate_invalid');
      case 'expired':
        throw new HttpRefusal(401, 'The device certificate has expired.', 'certificate_expired');
      case 'valid': {
        const record = await options.store.get('devices', presented.content);
        // Not for good, so not a code that makes an app forget its registration.
        if (record?.banned !== undefined) throw new HttpRefusal(403, record.banned);
        if (record && !record.revoked) return record;
        // Whoever was not there for the event reads the same.
        const reason = record?.revoked || 'This device is no longer accepted.';
        throw new HttpRefusal(403, reason, 'device_revoked');
      }
      default:
        return exhaustive(presented);
    }
  };

  const person = async (request: IncomingMessage): Promise<Identity> => {
    const record = await device(request);
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (!token) throw new HttpRefusal(401, 'A TrustToken is needed.');
    const verified = await options.verifyToken(token, record);
    if (!verified) throw new HttpRefusal(401, 'The TrustToken is not valid for this device.');
    const { claims, sessionId, isLive } = verified;
    if (!isLive) throw new HttpRefusal(401, 'The session has ended.', 'session_ended');
    return { device: record, claims, sessionId };
  };

  return { device, person };
}
