// The authorities that this computer trusts: those that come with Node, those added by its administrator, its system's.
import * as tls from 'node:tls';

type Tls = typeof tls;

export function systemRoots(): readonly string[] {
  // Since Node 22.15. Before, those of Node alone: where they do not suffice, the person is asked for the fingerprint.
  const { getCACertificates, rootCertificates } = tls as Partial<Tls> &
    Pick<Tls, 'rootCertificates'>;
  if (!getCACertificates) return rootCertificates;
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}
