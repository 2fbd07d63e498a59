// The organisation's certificate authority: one root and three intermediates, each signing its own kind only.
// Made once in its folder, loaded ever after. The only place that writes certificates.
import { createHash } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deviceUri, trustUri } from '../../shared/protocol/subject-alternative-names.ts';
import { NAMESPACE, type TrustTokenClaims } from '../../shared/protocol/trust-token.ts';
import { writeFileAtomically } from '../store/atomic-file.ts';
import {
  exportPrivateKey,
  generateKeyPair,
  importPrivateKey,
  type PrivateKey,
  SIGNATURE,
  x509,
} from './crypto.ts';
import { revokedListDer } from './revoked-der.ts';

export type Kind = 'server' | 'device' | 'trust';
const KINDS = ['server', 'device', 'trust'] as const;

interface Intermediate {
  certificate: x509.X509Certificate;
  key: PrivateKey;
}

export interface Authority {
  /** PEM of the root. */
  root: string;
  /** SHA-256 of the root's DER, base64url: what invites carry. */
  rootFingerprint: string;
  /** PEM of an intermediate. */
  intermediate(kind: Kind): string;
  /** Key and chain for a TLS server of these names; the common name is the first of them unless another one is given. */
  issueServer(
    names: readonly string[],
    lifetimeSeconds: number,
    commonName?: string,
  ): Promise<ServerCredentials>;
  /**
   * Key and chain by which the Access Tier shows backends who it is. It names neither a person nor a device, so it opens
   * nothing here.
   */
  issueTier(name: string, lifetimeSeconds: number): Promise<ServerCredentials>;
  issueDevice(request: DeviceRequest): Promise<IssuedDeviceCert>;
  /** DER of a list that says of which DeviceCerts nothing holds any more (RFC 5280 5). */
  listRevoked(certificates: readonly RevokedCertificate[]): Promise<Buffer>;
  /** The same for a TrustCert; it ends with its token. */
  issueTrust(publicKey: x509.PublicKey, claims: TrustTokenClaims): Promise<string>;
  /** Certs-only PKCS#7 in base64 of the root and the intermediates (RFC 7030 4.1). */
  caCertificates(): string;
}

export interface ServerCredentials {
  key: string;
  /** Leaf, then intermediate. */
  cert: string;
  notAfter: number;
}

export interface IssuedDeviceCert {
  /** Certs-only PKCS#7 in base64: DeviceCert, then its intermediate. */
  certificates: string;
  /** Hexadecimal. */
  serial: string;
  /** Seconds since the epoch. */
  notAfter: number;
}

export interface RevokedCertificate {
  serial: string;
  /** Seconds since the epoch. */
  at: number;
  why: 'revoked' | 'banned' | 'unregistered';
}

export interface DeviceRequest {
  publicKey: x509.PublicKey;
  deviceId: string;
  /** Written as UPN once known. */
  owner?: string | undefined;
  lifetimeSeconds: number;
  /** Address of the list that `listRevoked` makes. */
  revocationList: string;
}

const YEAR = 365 * 24 * 3600;
/** How long a list of what is revoked may be used. Made anew whenever it is asked for. */
const LIST_SECONDS = 24 * 3600;
/** A ban may be lifted: no other reason may be taken back. */
const REASONS = {
  revoked: x509.X509CrlReason.privilegeWithdrawn,
  banned: x509.X509CrlReason.certificateHold,
  unregistered: x509.X509CrlReason.cessationOfOperation,
} as const;
/** Clocks are a little wrong. */
const BACKDATE = 300;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const CRL_NUMBER = '2.5.29.20';
const ASCII = /^[\x20-\x7e]+$/;

/** The root's certificate is written last. */
export const hasAuthority = (folder: string): Promise<boolean> =>
  access(join(folder, 'root-cert.pem')).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );

export async function openAuthority(folder: string, organisation: string): Promise<Authority> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = (name: string) => join(folder, name);
  const stored = await readFile(path('root-cert.pem'), 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    },
  );
  if (stored === null) await createAuthority(path, organisation);
  const root = new x509.X509Certificate(stored ?? (await readFile(path('root-cert.pem'), 'utf8')));
  const entries = await Promise.all(
    KINDS.map(async (kind): Promise<[Kind, Intermediate]> => {
      const certificate = new x509.X509Certificate(
        await readFile(path(`${kind}-cert.pem`), 'utf8'),
      );
      return [
        kind,
        {
          certificate,
          key: await importPrivateKey(await readFile(path(`${kind}-key.pem`), 'utf8')),
        },
      ];
    }),
  );
  return withIntermediates(root, Object.fromEntries(entries) as Record<Kind, Intermediate>);
}

/**
 * The root's certificate is written last: a start that finds it finds everything. Its key signs the intermediates here
 * and is not kept: whoever reads the folder could make any certificate of the organisation with it, and nothing else
 * needs it. An intermediate that has to be replaced therefore means a new organisation and new invites.
 */
async function createAuthority(
  path: (name: string) => string,
  organisation: string,
): Promise<void> {
  const rootKeys = await generateKeyPair();
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: commonName(`${organisation} Root`),
    ...validity(20 * YEAR),
    signingAlgorithm: SIGNATURE,
    keys: rootKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
    ],
  });
  for (const kind of KINDS) {
    const keys = await generateKeyPair();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: commonName(`${organisation} ${kind} CA`),
      issuer: root.subjectName.toJSON(),
      ...validity(10 * YEAR),
      signingAlgorithm: SIGNATURE,
      signingKey: rootKeys.privateKey,
      publicKey: keys.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
        new x509.ExtendedKeyUsageExtension([kind === 'server' ? SERVER_AUTH : CLIENT_AUTH]),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(root),
      ],
    });
    await writeFileAtomically(path(`${kind}-key.pem`), await exportPrivateKey(keys.privateKey));
    await writeFileAtomically(path(`${kind}-cert.pem`), `${certificate.toString('pem')}\n`);
  }
  await writeFileAtomically(path('root-cert.pem'), `${root.toString('pem')}\n`);
}

function withIntermediates(
  root: x509.X509Certificate,
  intermediates: Record<Kind, Intermediate>,
): Authority {
  const issue = async (
    kind: Kind,
    leaf: {
      subject: string;
      publicKey: x509.PublicKey | PrivateKey;
      names: x509.JsonGeneralNames;
      notAfter: number;
      revocationList?: string;
    },
  ): Promise<x509.X509Certificate> => {
    const { certificate, key } = intermediates[kind];
    return await x509.X509CertificateGenerator.create({
      subject: commonName(leaf.subject),
      issuer: certificate.subjectName.toJSON(),
      notBefore: new Date(Date.now() - BACKDATE * 1000),
      notAfter: new Date(Math.min(leaf.notAfter * 1000, certificate.notAfter.getTime())),
      signingAlgorithm: SIGNATURE,
      signingKey: key,
      publicKey: leaf.publicKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([kind === 'server' ? SERVER_AUTH : CLIENT_AUTH]),
        new x509.SubjectAlternativeNameExtension(leaf.names),
        await x509.SubjectKeyIdentifierExtension.create(leaf.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(certificate),
        ...(leaf.revocationList === undefined
          ? []
          : [new x509.CRLDistributionPointsExtension([leaf.revocationList])]),
      ],
    });
  };
  const bundle = (kind: Kind, leaf: x509.X509Certificate): string =>
    certificatesOnly([leaf, intermediates[kind].certificate]);

  const credentials = async (
    kind: 'server' | 'trust',
    wish: { subject: string; names: readonly string[]; lifetimeSeconds: number },
  ): Promise<ServerCredentials> => {
    const keys = await generateKeyPair();
    const leaf = await issue(kind, {
      subject: wish.subject,
      publicKey: keys.publicKey,
      names: wish.names.map((value) => ({ type: 'dns', value })),
      notAfter: secondsNow() + wish.lifetimeSeconds,
    });
    return {
      key: await exportPrivateKey(keys.privateKey),
      cert: `${leaf.toString('pem')}\n${intermediates[kind].certificate.toString('pem')}\n`,
      notAfter: leaf.notAfter.getTime(),
    };
  };

  return {
    root: `${root.toString('pem')}\n`,
    rootFingerprint: createHash('sha256').update(Buffer.from(root.rawData)).digest('base64url'),
    intermediate: (kind) => intermediates[kind].certificate.toString('pem'),
    issueServer: (names, lifetimeSeconds, subject = names[0] ?? '') =>
      credentials('server', { subject, names, lifetimeSeconds }),
    issueTier: (name, lifetimeSeconds) =>
      credentials('trust', { subject: `Access Tier ${name}`, names: [name], lifetimeSeconds }),
    async issueDevice({ publicKey, deviceId, owner, lifetimeSeconds, revocationList }) {
      const leaf = await issue('device', {
        subject: `ManagedDevice-${deviceId}`,
        publicKey,
        names: [
          { type: 'url', value: deviceUri(deviceId) },
          ...(owner ? [{ type: 'upn' as const, value: owner }] : []),
        ],
        notAfter: secondsNow() + lifetimeSeconds,
        revocationList,
      });
      return {
        certificates: bundle('device', leaf),
        serial: leaf.serialNumber,
        notAfter: Math.floor(leaf.notAfter.getTime() / 1000),
      };
    },
    async listRevoked(certificates) {
      const { certificate, key } = intermediates.device;
      const now = Date.now();
      const extensions = [
        await x509.AuthorityKeyIdentifierExtension.create(certificate),
        new x509.Extension(CRL_NUMBER, false, derInteger(now)),
      ];
      return revokedListDer({
        issuer: new Uint8Array(certificate.subjectName.toArrayBuffer()),
        // A clock that is a little slow would not take it yet.
        thisUpdate: new Date(now - BACKDATE * 1000),
        nextUpdate: new Date(now + LIST_SECONDS * 1000),
        entries: certificates.map(({ serial, at, why }) => ({
          serial,
          at: new Date(at * 1000),
          reason: REASONS[why],
        })),
        extensions: extensions.map(({ rawData }) => new Uint8Array(rawData)),
        key,
      });
    },
    async issueTrust(publicKey, claims) {
      const leaf = await issue('trust', {
        subject: `Banyan Client ${claims.email}`,
        publicKey,
        names: trustNames(claims),
        notAfter: claims.exp,
      });
      return bundle('trust', leaf);
    },
    caCertificates: () =>
      certificatesOnly([root, ...KINDS.map((kind) => intermediates[kind].certificate)]),
  };
}

function trustNames(claims: TrustTokenClaims): x509.JsonGeneralNames {
  const more = claims[NAMESPACE];
  const uris = [
    trustUri('token', claims.jti ?? ''),
    trustUri('subject', claims.sub),
    trustUri('email', claims.email),
    trustUri('name', claims.name),
    trustUri('device', claims.device_id),
    trustUri('serial', claims.serial_number),
    trustUri('ownership', more?.device_ownership ?? ''),
    trustUri('platform', more?.platform ?? ''),
    ...claims.groups.map((group) => trustUri('group', group)),
  ];
  return [
    ...uris.map((value) => ({ type: 'url' as const, value })),
    // An rfc822Name is ASCII (RFC 5280 4.2.1.6); the URI above carries every address.
    ...(ASCII.test(claims.email) ? [{ type: 'email' as const, value: claims.email }] : []),
  ];
}

const certificatesOnly = (certificates: x509.X509Certificate[]): string =>
  new x509.X509Certificates(certificates).export('base64').replace(/(.{64})(?!$)/g, '$1\r\n');

/** Of a number from 2^40 to 2^47, as the time in milliseconds is until the year 6429: six bytes, the first below 0x80. */
function derInteger(value: number): Uint8Array<ArrayBuffer> {
  const der = new Uint8Array([0x02, 6, 0, 0, 0, 0, 0, 0]);
  Buffer.from(der.buffer).writeUIntBE(value, 2, 6);
  return der;
}

/** As a structure, not as text to parse: an e-mail cannot add parts to the name. 64 is the limit of RFC 5280. */
const commonName = (text: string): x509.JsonName => [{ CN: [text.slice(0, 64)] }];

const secondsNow = (): number => Math.floor(Date.now() / 1000);
const validity = (lifetimeSeconds: number) => ({
  notBefore: new Date(Date.now() - BACKDATE * 1000),
  notAfter: new Date(Date.now() + lifetimeSeconds * 1000),
});
