// Server certificates by name, issued when first asked for and again before they end.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Authority } from './authority.ts';

/** What a TLS server shows, ready and as text. */
export interface ShownCertificate {
  context: SecureContext;
  key: string;
  /** Leaf first. */
  cert: string;
}

export interface ServerCertificates {
  contextFor(name: string): Promise<SecureContext>;
  of(wish: CertificateWish): Promise<ShownCertificate>;
}

export interface CertificateWish {
  names: readonly string[];
  commonName: string;
}

/**
 * The caller decides which names exist: this issues for every name it is asked. `clientAuthority` is whose client
 * certificates are asked for: browsers then offer people none of others.
 */
export function createServerCertificates(
  authority: Authority,
  lifetimeSeconds: number,
  clientAuthority?: string,
): ServerCertificates {
  const issued = new Map<string, () => Promise<ShownCertificate>>();
  const of = ({ names, commonName }: CertificateWish): Promise<ShownCertificate> => {
    const wish = JSON.stringify([commonName, names]);
    const known =
      issued.get(wish) ??
      renewed(lifetimeSeconds, async () => {
        const { key, cert } = await authority.issueServer(names, lifetimeSeconds, commonName);
        return shownCertificate(key, cert, clientAuthority);
      });
    issued.set(wish, known);
    return known();
  };
  return {
    of,
    contextFor: async (name) => (await of({ names: [name], commonName: name })).context,
  };
}

/** Throws when key and certificate are no pair. */
export const shownCertificate = (
  key: string,
  cert: string,
  clientAuthority?: string,
): ShownCertificate => ({
  key,
  cert,
  context: createSecureContext({
    key,
    cert,
    minVersion: 'TLSv1.2',
    ...(clientAuthority !== undefined && { ca: clientAuthority }),
  }),
});

/** Issued when first asked for, and again when two thirds of its life are over. */
export function renewed<Issued>(
  lifetimeSeconds: number,
  issue: () => Promise<Issued>,
): () => Promise<Issued> {
  let current: Promise<Issued> | null = null;
  let renewAt = 0;
  return () => {
    if (current && renewAt > Date.now()) return current;
    const issued = issue();
    current = issued;
    renewAt = Date.now() + (lifetimeSeconds * 1000 * 2) / 3;
    issued.catch(() => (current = null)); // whoever asks next tries again
    return issued;
  };
}
