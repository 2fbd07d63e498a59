// An SSH certificate for the key of the TrustCert, and whether it is what was asked for. See docs/protocol.md 5.
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { OrganisationDocument } from '../../../shared/protocol/organisation.ts';
import { sshReader } from '../../../shared/protocol/ssh-wire.ts';
import type { Membership } from '../device/membership.ts';
import type { IssuedCertificate } from '../organisation/est.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import { isUnknownThere } from '../organisation/refusals.ts';
import type { Tokens } from './oidc.ts';

const KIND = 'ecdsa-sha2-nistp256-cert-v01@openssh.com';
const USER = 1;

/** undefined: this organisation gives none any more. */
export async function sshCertificateFor(
  { connection }: Membership,
  { trustToken, claims }: Pick<Tokens, 'trustToken' | 'claims'>,
  issued: IssuedCertificate,
  { certificate: url, ca }: NonNullable<OrganisationDocument['ssh']>,
): Promise<string | undefined> {
  const { host } = new URL(url);
  const answer = await connection.ask({
    method: 'POST',
    url,
    headers: {
      'content-type': 'application/pkcs10',
      'content-transfer-encoding': 'base64',
      authorization: `Bearer ${trustToken}`,
    },
    body: issued.request,
  });
  if (isUnknownThere(answer)) return undefined;
  if (answer.status !== 200) {
    throw invalidAnswer(host, `it answered ${answer.status} where it gives SSH certificates`);
  }
  const problem = problemOf(answer.body, createPublicKey(issued.key), ca, claims.exp * 1000);
  if (problem) throw invalidAnswer(host, `the SSH certificate is ${problem}`);
  return answer.body;
}

/** null: there is none. It is written into a file that ssh reads, so it is one line and nothing else. */
export function problemOf(
  line: string,
  key: KeyObject,
  ca: string,
  expiresAt: number,
): string | null {
  const [, kind, base64 = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})\n$/.exec(line) ?? [];
  if (kind !== KIND) return 'none';
  try {
    const read = sshReader(Buffer.from(base64, 'base64'));
    if (read.text() !== KIND) return 'of another kind than it says';
    read.string(); // nonce
    read.string(); // curve, named in its kind
    if (!pointOf(key).equals(read.string())) return 'for another key';
    read.uint64(); // serial
    if (read.uint32() !== USER) return 'not for a person';
    read.string(); // id
    if (read.string().length === 0) return 'good for every name';
    const [from, until] = [read.uint64(), read.uint64()];
    if (from >= until || until * 1000n > BigInt(expiresAt))
      return 'valid for longer than the session';
    for (let skipped = 0; skipped < 3; skipped += 1) read.string(); // options, extensions, reserved
    const signer = Buffer.from(read.string()).toString('base64');
    return signer === ca.split(' ')[1] ? null : 'signed by another authority';
  } catch {
    return 'cut off'; // RangeError of the reader
  }
}

function pointOf(key: KeyObject): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
}
