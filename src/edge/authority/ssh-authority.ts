// The organisation's authority for SSH: signs people's keys, for as long as their session lasts. Servers trust it by one line
// (TrustedUserCAKeys). Certificates as OpenSSH has them, PROTOCOL.certkeys; apart from the X.509 authority, with a key of its own.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically } from '../store/atomic-file.ts';

export interface SshAuthority {
  /** `ssh-ed25519 AAAA…`: what servers put into TrustedUserCAKeys. */
  publicKey: string;
  /** One line for a CertificateFile. */
  issue(request: SshCertificateRequest): string;
}

export interface SshCertificateRequest {
  /** P-256, of the person. */
  key: KeyObject;
  /** What a server writes into its log. */
  id: string;
  /** Names that it may be used for. */
  principals: readonly string[];
  /** Seconds since the epoch. */
  expiresAt: number;
}

const CERTIFICATE = 'ecdsa-sha2-nistp256-cert-v01@openssh.com';
const CURVE = 'nistp256';
const CA = 'ssh-ed25519';
const USER = 1;
/** Clocks of servers are a little wrong. */
const BACKDATE = 300;
/** What a login is usually for; in the order of their names, as they have to be. */
const EXTENSIONS = [
  'permit-agent-forwarding',
  'permit-port-forwarding',
  'permit-pty',
  'permit-user-rc',
];

export async function openSshAuthority(folder: string): Promise<SshAuthority> {
  const file = join(folder, 'ssh-key.pem');
  const stored = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  const pem =
    stored ??
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  if (stored === null) await writeFileAtomically(file, pem);
  const authority = withKey(createPrivateKey(pem));
  // For whoever sets servers up; made anew, as somebody may have edited it.
  await writeFileAtomically(join(folder, 'ssh-ca.pub'), `${authority.publicKey}\n`);
  return authority;
}

function withKey(key: KeyObject): SshAuthority {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  const blob = Buffer.concat([string(CA), string(Buffer.from(x, 'base64url'))]);
  return {
    publicKey: `${CA} ${blob.toString('base64')}`,
    issue(request) {
      const body = bodyOf(request, blob);
      const signature = Buffer.concat([string(CA), string(sign(null, body, key))]);
      const certificate = Buffer.concat([body, string(signature)]);
      return `${CERTIFICATE} ${certificate.toString('base64')}\n`;
    },
  };
}

/** Everything that is signed. */
function bodyOf({ key, id, principals, expiresAt }: SshCertificateRequest, ca: Buffer): Buffer {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const point = Buffer.concat([
    Buffer.from([4]),
    Buffer.from(x, 'base64url'),
    Buffer.from(y, 'base64url'),
  ]);
  const now = Math.floor(Date.now() / 1000);
  return Buffer.concat([
    string(CERTIFICATE),
    string(randomBytes(32)),
    string(CURVE),
    string(point),
    randomBytes(8), // serial
    uint32(USER),
    string(id),
    string(Buffer.concat(principals.map(string))),
    uint64(now - BACKDATE),
    uint64(expiresAt),
    string(''), // critical options
    string(Buffer.concat(EXTENSIONS.flatMap((name) => [string(name), string('')]))),
    string(''), // reserved
    string(ca),
  ]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
}
