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
import { presentedBy, type PresentedCertificate } from './presented.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
/** Certificates of ours that are known by heart: reading one costs more than the rest of a connection. */
const MOST_KNOWN = 10_000;
const DEVICE_NAME = /^[\w][\w.@-]{0,99}$/;

export type Presented<Content> =
  | { status: 'missing' | 'invalid' }
  /** Everything holds; `expired` tells only that its time is over (or has not come). */
  | { status: 'valid' | 'expired'; content: Content; notAfter: number };

type Inspected<Content> =
  | { status: 'missing' | 'invalid' }
  | { status: 'genuine'; content: Content; notBefore: number; notAfter: number };

/** A device by the certificate of a Device Manager. */
export interface ManagedDevice {
  /** `<manager>:<name>`: never the id of a device with a certificate of ours, which has no colon. */
  id: string;
  manager: string;
  /** Common name of its certificate. */
  name: string;
  /** Fingerprint of the CA that has signed it: a Device Manager may get another one under the same name. */
  signedBy: string;
}

export interface ClientCertificates {
  /** Device id of a DeviceCert: one of ours, or of a Device Manager that is accepted now. */
  device(socket: TLSSocket): Presented<string>;
  /** The second of these; null: the first, or none at all. */
  managed(socket: TLSSocket): ManagedDevice | null;
  /** Attributes of a TrustCert. */
  trust(socket: TLSSocket): Presented<Map<TrustKey, string[]>>;
}

export interface AcceptedManager {
  name: string;
  certificate: X509Certificate;
}

export function createClientCertificates(
  authority: Authority,
  managers: () => readonly AcceptedManager[] = () => [],
): ClientCertificates {
  const intermediate = (kind: Kind) => new X509Certificate(authority.intermediate(kind));
  const device = intermediate('device');
  const trust = intermediate('trust');

  const ownDevice = remembered(knownByHeart(device, read(deviceIdOf)));
  const trustCert = remembered(knownByHeart(trust, read(trustAttributesOf)));
  const managedDevice = remembered((socket): Inspected<ManagedDevice> => {
    for (const manager of managers()) {
      const found = inspect(presentedBy(socket), manager.certificate, managedBy(manager));
      if (found.status === 'genuine') return found;
    }
    return { status: 'invalid' };
  });
  /** Of a CA that was dropped since, no connection counts any more. */
  const accepted = (socket: TLSSocket): Inspected<ManagedDevice> => {
    const found = managedDevice(socket);
    if (found.status !== 'genuine') return found;
    const manager = managers().find(
      ({ name, certificate }) =>
        name === found.content.manager && certificate.fingerprint256 === found.content.signedBy,
    );
    const holds = manager !== undefined && Date.parse(manager.certificate.validTo) >= Date.now();
    return holds ? found : { status: 'invalid' };
  };

  return {
    device(socket) {
      const own = ownDevice(socket);
      if (own.status !== 'invalid') return now(own);
      const managed = now(accepted(socket));
      return 'content' in managed ? { ...managed, content: managed.content.id } : managed;
    },
    managed(socket) {
      if (ownDevice(socket).status !== 'invalid') return null;
      const found = now(accepted(socket));
      return found.status === 'valid' ? found.content : null;
    },
    trust: (socket) => now(trustCert(socket)),
  };
}

/** A connection keeps its certificate, and HTTP/2 asks for every stream: only the time goes on. */
function remembered<Content>(
  look: (socket: TLSSocket) => Inspected<Content>,
): (socket: TLSSocket) => Inspected<Content> {
  const inspected = new WeakMap<TLSSocket, Inspected<Content>>();
  return (socket) => {
    const found = inspected.get(socket) ?? look(socket);
    inspected.set(socket, found);
    return found;
  };
}

/**
 * What an authority has signed is the same in every connection: by its SHA-256 fingerprint. Only what is genuine is kept, so
 * nobody else can fill it; the oldest go. Time, bans and sessions are not part of it.
 */
function knownByHeart<Content>(
  issuer: X509Certificate,
  contentOf: (certificate: x509.X509Certificate) => Content | null,
): (socket: TLSSocket) => Inspected<Content> {
  const known = new Map<string, Inspected<Content>>();
  return (socket) => {
    const presented = presentedBy(socket);
    const fingerprint = presented?.fingerprint ?? '';
    const found = known.get(fingerprint) ?? inspect(presented, issuer, contentOf);
    if (found.status !== 'genuine') return found;
    known.delete(fingerprint);
    known.set(fingerprint, found);
    const [oldest] = known.keys();
    if (known.size > MOST_KNOWN && oldest !== undefined) known.delete(oldest);
    return found;
  };
}

function inspect<Content>(
  shown: PresentedCertificate | null,
  issuer: X509Certificate,
  contentOf: (certificate: x509.X509Certificate) => Content | null,
): Inspected<Content> {
  if (shown === null) return { status: 'missing' };
  const presented = shown.read();
  if (
    presented.ca ||
    !presented.checkIssued(issuer) ||
    !presented.verify(issuer.publicKey) ||
    !presented.keyUsage?.includes(CLIENT_AUTH)
  ) {
    return { status: 'invalid' };
  }
  const certificate = new x509.X509Certificate(presented.raw);
  const content = contentOf(certificate);
  if (content === null) return { status: 'invalid' };
  const notBefore = certificate.notBefore.getTime();
  const notAfter = certificate.notAfter.getTime();
  return { status: 'genuine', content, notBefore, notAfter };
}

function now<Content>(found: Inspected<Content>): Presented<Content> {
  if (found.status !== 'genuine') return found;
  const { content, notBefore, notAfter } = found;
  const at = Date.now();
  return { status: notBefore <= at && at <= notAfter ? 'valid' : 'expired', content, notAfter };
}

const read =
  <Content>(readUris: (uris: readonly string[]) => Content | null) =>
  (certificate: x509.X509Certificate): Content | null =>
    readUris(urisOf(certificate));

/** Exactly one common name, of letters that can stand in an id. */
const managedBy =
  (manager: AcceptedManager) =>
  (certificate: x509.X509Certificate): ManagedDevice | null => {
    const [name, ...others] = certificate.subjectName.getField('CN');
    if (name === undefined || others.length > 0 || !DEVICE_NAME.test(name)) return null;
    const signedBy = manager.certificate.fingerprint256;
    return { id: `${manager.name}:${name}`, manager: manager.name, name, signedBy };
  };

const urisOf = (certificate: x509.X509Certificate): string[] =>
  (certificate.getExtension(x509.SubjectAlternativeNameExtension)?.names.items ?? [])
    .filter(({ type }) => type === 'url')
    .map(({ value }) => value);
