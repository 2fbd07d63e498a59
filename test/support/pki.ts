// A small certificate authority for tests of the data plane, which must not depend on the edge.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { Credentials } from '../../src/proxy/index.ts';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

export interface TestPki {
  /** PEM of the root. */
  root: string;
  /** Server or client certificate for the given names. */
  issue(options: {
    commonName: string;
    dnsNames?: string[];
    ipAddresses?: string[];
    lifeMs?: number;
    /** By its extended key usage, as certificates of devices are. */
    clientAuth?: boolean;
    /** May sign certificates itself. */
    authority?: boolean;
  }): Promise<Credentials>;
}

export async function createTestPki(name = 'Test Root'): Promise<TestPki> {
  const rootKeys = await generateKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys: rootKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  let serial = 1;
  return {
    root: root.toString('pem'),
    async issue(wish) {
      const { commonName, dnsNames = [], ipAddresses = [], lifeMs = DAY_MS } = wish;
      const names = dnsNames.length + ipAddresses.length > 0 ? dnsNames : [commonName];
      const keys = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: (++serial).toString(16).padStart(2, '0'),
        subject: `CN=${commonName}`,
        issuer: root.subject,
        notBefore: new Date(Date.now() - DAY_MS),
        notAfter: new Date(Date.now() + lifeMs),
        signingKey: rootKeys.privateKey,
        publicKey: keys.publicKey,
        signingAlgorithm: ALGORITHM,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            ...names.map((value) => ({ type: 'dns' as const, value })),
            ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
          ]),
          ...(wish.clientAuth ? [new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.2'])] : []),
          ...(wish.authority ? [new x509.BasicConstraintsExtension(true, 0, true)] : []),
        ],
      });
      return {
        key: await exportKey(keys.privateKey),
        certificate: certificate.toString('pem'),
        ca: root.toString('pem'),
      };
    },
  };
}

// Node's and the browser's typings of Web Crypto differ in one key usage; the keys are the same.
const generateKeys = async (): Promise<CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function exportKey(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await crypto.subtle.exportKey('pkcs8', key));
  return `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`;
}
