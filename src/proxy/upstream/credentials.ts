// Key, chain and trust as one value. Replaced whole or kept whole: no connection ever sees half a renewal.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Credentials } from '../messages.ts';

/** TLS contexts made once per credentials, because making one costs more than the rest of a handshake. */
export interface TlsContexts {
  /** Trusts only the organisation's root. */
  organisation: SecureContext;
  /** Trusts the public certificate authorities. */
  system: SecureContext;
}

/** Throws when key and certificate do not belong together; the caller then keeps what it has. */
export function createTlsContexts({ key, certificate, ca }: Credentials): TlsContexts {
  const identity = { key, cert: certificate, minVersion: 'TLSv1.2' } as const;
  return {
    organisation: createSecureContext({ ...identity, ca }),
    system: createSecureContext(identity),
  };
}
