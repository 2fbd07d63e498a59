import { beforeAll, describe, expect, it } from 'vitest';
import type { Membership } from '../../../../../src/main/client/device/membership.ts';
import type { StoredSession } from '../../../../../src/main/client/device/vault.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { exchangeForCertificate } from '../../../../../src/main/client/identity/trust-certificate.ts';
import type { Tokens } from '../../../../../src/main/client/identity/oidc.ts';
import type { Connection } from '../../../../../src/main/client/organisation/connection.ts';
import { trustUri } from '../../../../../src/shared/protocol/subject-alternative-names.ts';
import { generateKeyPair, SIGNATURE, x509 } from '../../../../../src/edge/authority/crypto.ts';

const CLIENTS = '1.3.6.1.5.5.7.3.2';
const SERVERS = '1.3.6.1.5.5.7.3.1';
const MINUTE = 60_000;
/** Whole seconds, as certificates have them. */
const NOW = Math.floor(Date.now() / 1000) * 1000;
const END = NOW + 60 * MINUTE;

interface Wish {
  uris?: string[];
  purposes?: string[];
  isAuthority?: boolean;
  from?: number;
  until?: number;
  isForOtherKey?: boolean;
  isOfOtherRoot?: boolean;
}

type Root = {
  certificate: x509.X509Certificate;
  keys: Awaited<ReturnType<typeof generateKeyPair>>;
};
let root: Root;
let otherRoot: Root;
beforeAll(async () => {
  [root, otherRoot] = await Promise.all([aRoot('Demo'), aRoot('Other')]);
});

async function aRoot(name: string): Promise<Root> {
  const keys = await generateKeyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(NOW - 60 * MINUTE),
    notAfter: new Date(END + 60 * MINUTE),
    signingAlgorithm: SIGNATURE,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  return { certificate, keys };
}

const urisOf = (subject: string, device: string): string[] => [
  trustUri('subject', subject),
  trustUri('device', device),
];

/** What an EST server answers to the request of a client. */
async function answer(request: string, wish: Wish): Promise<string> {
  const asked = new x509.Pkcs10CertificateRequest(request);
  const { certificate, keys } = wish.isOfOtherRoot ? otherRoot : root;
  const leaf = await x509.X509CertificateGenerator.create({
    subject: 'CN=Dana',
    issuer: certificate.subject,
    notBefore: new Date(wish.from ?? NOW - MINUTE),
    notAfter: new Date(wish.until ?? END),
    signingAlgorithm: SIGNATURE,
    signingKey: keys.privateKey,
    publicKey: wish.isForOtherKey ? (await generateKeyPair()).publicKey : asked.publicKey,
    extensions: [
      new x509.BasicConstraintsExtension(wish.isAuthority ?? false, undefined, true),
      ...(wish.purposes ? [new x509.ExtendedKeyUsageExtension(wish.purposes)] : []),
      new x509.SubjectAlternativeNameExtension(
        (wish.uris ?? urisOf('u-dana', 'd-1')).map((value) => ({ type: 'url' as const, value })),
      ),
    ],
  });
  return new x509.X509Certificates([leaf]).export('base64');
}

function exchange(ask: Connection['ask'], clocks = [NOW]): Promise<StoredSession> {
  const connection: Pick<Connection, 'ask' | 'clocks'> = { ask, clocks: () => clocks };
  const membership = {
    document: { name: 'Demo', est: { trustcert: 'https://demo.example/est' } },
    root: root.certificate.toString('pem'),
    deviceId: 'd-1',
    connection,
  } as Membership;
  const claims = { sub: 'u-dana', name: 'Dana', email: '', groups: [], iat: NOW / 1000 };
  const tokens: Tokens = { trustToken: 'token', claims: { ...claims, exp: END / 1000 } };
  return exchangeForCertificate(membership, tokens, recordingLog());
}

const given = (wish: Wish, clocks?: number[]): Promise<StoredSession> =>
  exchange(
    async ({ body = '' }) => ({ status: 200, headers: {}, body: await answer(body, wish) }),
    clocks,
  );

describe('an organisation that gives no certificate', () => {
  it.each([
    [401, 'certificate_expired', 'device/certificate-expired'],
    [403, 'device_revoked', 'device/certificate-refused'],
    [401, 'session_ended', 'identity/certificate-refused'],
    [403, 'no_policy', 'identity/certificate-refused'],
  ])('with %s %s means %s', async (status, code, expected) => {
    const refused = exchange(() =>
      Promise.resolve({ status, headers: {}, body: JSON.stringify({ code }) }),
    );
    await expect(refused).rejects.toMatchObject({ code: expected });
  });
});

describe('a certificate', () => {
  it.each<[string, Wish]>([
    ['for clients', { purposes: [CLIENTS] }],
    ['for no purpose in particular', {}],
    ['that was not dated back, by a clock that is a little ahead', { from: NOW + 4 * MINUTE }],
  ])('%s is taken', async (_, wish) => {
    await expect(given(wish)).resolves.toMatchObject({ expiresAt: END });
  });

  it('is taken that is valid by one clock, ours or that of who answered: either may just have jumped', async () => {
    for (const clocks of [
      [NOW, NOW - 1440 * MINUTE],
      [NOW + 1440 * MINUTE, NOW],
    ]) {
      await expect(given({}, clocks)).resolves.toMatchObject({ expiresAt: END });
    }
    await expect(given({}, [NOW + 1440 * MINUTE, NOW - 1440 * MINUTE])).rejects.toMatchObject({
      code: 'organisation/invalid-answer',
    });
  });

  it.each<[string, Wish]>([
    ['of another root', { isOfOtherRoot: true }],
    ['for another key', { isForOtherKey: true }],
    ['for servers', { purposes: [SERVERS] }],
    ['of an authority', { isAuthority: true }],
    ['that is over', { until: NOW }],
    ['that is valid some time later', { from: NOW + 6 * MINUTE }],
    ['that outlives its token', { until: END + 1000 }],
    ['for another person', { uris: urisOf('u-eve', 'd-1') }],
    ['for another device', { uris: urisOf('u-dana', 'd-2') }],
    ['that names nobody', { uris: ['urn:example:nobody'] }],
  ])('%s is not', async (_, wish) => {
    await expect(given(wish)).rejects.toMatchObject({ code: 'organisation/invalid-answer' });
  });
});
