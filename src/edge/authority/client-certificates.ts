// Judges the certificate a client has presented. Node's own `authorized` is not asked: it accepts every intermediate
// under the root, and a resumed session whose certificate has expired. So: this intermediate, this use, this kind of
// name, now.
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import {
  deviceIdOf,
  trustAttributesOf,
  type TrustKey,
} from '../../shared/protocol/subject-alternative-names.ts';
import type { Authority, Kind } from './authority.ts';
import { x509 } from './crypto.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

export type Presented<Content> =
  | { status: 'missing' | 'invalid' }
  /** Everything holds; `expired` tells only that its time is over (or has not come). */
  | { status: 'valid' | 'expired'; content: Content; notAfter: number };

type Inspected<Content> =
  | { status: 'missing' | 'invalid' }
  | { status: 'genuine'; content: Content; notBefore: number; notAfter: number };

export interface ClientCertificates {
  /** Device id of a DeviceCert. */
  device(socket: TLSSocket): Presented<string>;
  /** Attributes of a TrustCert. */
  trust(socket: TLSSocket): Presented<Map<TrustKey, string[]>>;
}

export function createClientCertificates(authority: Authority): ClientCertificates {
  const judge = <Content>(
    kind: Kind,
    read: (uris: readonly string[]) => Content | null,
  ): ((socket: TLSSocket) => Presented<Content>) => {
    const issuer = new X509Certificate(authority.intermediate(kind));
    const inspect = (socket: TLSSocket): Inspected<Content> => {
      const presented = socket.getPeerX509Certificate();
      if (!presented) return { status: 'missing' };
      if (
        presented.ca ||
        !presented.checkIssued(issuer) ||
        !presented.verify(issuer.publicKey) ||
        !presented.keyUsage?.includes(CLIENT_AUTH)
      ) {
        return { status: 'invalid' };
      }
      const certificate = new x509.X509Certificate(presented.raw);
      const content = read(urisOf(certificate));
      if (content === null) return { status: 'invalid' };
      const notBefore = certificate.notBefore.getTime();
      const notAfter = certificate.notAfter.getTime();
      return { status: 'genuine', content, notBefore, notAfter };
    };
    // A connection keeps its certificate, and HTTP/2 asks for every stream: only the time goes on.
    const inspected = new WeakMap<TLSSocket, Inspected<Content>>();
    return (socket) => {
      const found = inspected.get(socket) ?? inspect(socket);
      inspected.set(socket, found);
      if (found.status !== 'genuine') return found;
      const { content, notBefore, notAfter } = found;
      const now = Date.now();
      return {
        status: notBefore <= now && now <= notAfter ? 'valid' : 'expired',
        content,
        notAfter,
      };
    };
  };
  return { device: judge('device', deviceIdOf), trust: judge('trust', trustAttributesOf) };
}

const urisOf = (certificate: x509.X509Certificate): string[] =>
  (certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [])
    .filter(({ type }) => type === 'url')
    .map(({ value }) => value);
