// Key, chain and trust as one value. Replaced whole or kept whole: no connection ever sees half a renewal.
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Credentials } from '../messages.ts';

/**
 * `group`: the key exchange that this server has chosen before, by the name Node gives it; undefined: not known.
 * By default a hello carries keys for two groups, one of them post-quantum and dear; a server of which it is known what it
 * takes gets one, and one with a rare taste needs no second hello (RFC 8446 4.1.4).
 */
export type TlsContext = (group: string | undefined) => SecureContext;

/** TLS contexts made once per credentials, because making one costs more than the rest of a handshake. */
export interface TlsContexts {
  /** Trusts only the organisation's root. */
  organisation: TlsContext;
  /** Trusts the public certificate authorities. */
  system: TlsContext;
}

/** Throws when key and certificate do not belong together; the caller then keeps what it has. */
export function createTlsContexts({ key, certificate, ca }: Credentials): TlsContexts {
  const identity = { key, cert: certificate, minVersion: 'TLSv1.2' } as const;
  return { organisation: contextOf({ ...identity, ca }), system: contextOf(identity) };
}

/** Without post-quantum ones: a server that takes those has chosen one, and gets what is the default. */
const GROUPS: ReadonlyMap<string, string> = new Map([
  ['X25519', 'X25519'],
  ['prime256v1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

function contextOf(options: SecureContextOptions): TlsContext {
  const unknown = createSecureContext(options);
  const known = new Map<string, SecureContext>();
  return (group = '') => {
    const first = GROUPS.get(group);
    if (first === undefined) return unknown;
    const others = [...GROUPS.values()].filter((name) => name !== first);
    const context =
      known.get(first) ??
      createSecureContext({ ...options, ecdhCurve: [first, ...others].join(':') });
    known.set(first, context);
    return context;
  };
}
