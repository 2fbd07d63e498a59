// Server certificates by name, issued when first asked for and again before they end.
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Authority } from './authority.ts';

export interface ServerCertificates {
  /** `clientAuthority` is whose client certificates are asked for: browsers then offer people none of others. */
  contextFor(name: string, clientAuthority?: string): Promise<SecureContext>;
}

/** The caller decides which names exist: this issues for every name it is asked. */
export function createServerCertificates(
  authority: Authority,
  lifetimeSeconds: number,
): ServerCertificates {
  const issued = new Map<string, { context: Promise<SecureContext>; renewAt: number }>();
  return {
    contextFor(name, clientAuthority) {
      const current = issued.get(name);
      if (current && current.renewAt > Date.now()) return current.context;
      const context = authority.issueServer([name], lifetimeSeconds).then(({ key, cert }) =>
        createSecureContext({
          key,
          cert,
          minVersion: 'TLSv1.2',
          ...(clientAuthority !== undefined && { ca: clientAuthority }),
        }),
      );
      issued.set(name, { context, renewAt: Date.now() + (lifetimeSeconds * 1000 * 2) / 3 });
      context.catch(() => issued.delete(name)); // the next connection tries again
      return context;
    },
  };
}
