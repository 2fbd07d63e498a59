// The certificate that the other side of a connection has presented. Not by `getPeerX509Certificate`: Node 20 takes the issuer, where the
// other side sends it along, out of the chain and never frees it: 5 kB for each ordinary connection, 100 kB for one of whoever wishes so,
// before anybody has been asked who they are.
import { X509Certificate } from 'node:crypto';
import type { PeerCertificate, TLSSocket } from 'node:tls';

export interface PresentedCertificate {
  /** SHA-256. */
  fingerprint: string;
  read(): X509Certificate;
}

/** null: none, or the connection is over. */
export function presentedBy(socket: TLSSocket): PresentedCertificate | null {
  const { raw, fingerprint256 } = (socket.getPeerCertificate() ?? {}) as Partial<PeerCertificate>;
  if (raw === undefined || fingerprint256 === undefined) return null;
  return { fingerprint: fingerprint256, read: () => new X509Certificate(raw) };
}
