// What is secret, in one sealed file per organisation: AES-256-GCM under a key that lives in the secret store.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { AppError } from '../../../shared/errors.ts';
import { z } from '../../../shared/schema.ts';

const MAGIC = Buffer.from('banyan-vault-1\n');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

const session = z.object({
  person: z.object({
    subject: z.string(),
    name: z.string(),
    email: z.string(),
    groups: z.array(z.string()),
  }),
  trustToken: z.string(),
  /** Absent where the issuer gives none; then the session ends with its token. */
  refreshToken: z.string().optional(),
  /** Milliseconds since the epoch. */
  issuedAt: z.number(),
  expiresAt: z.number(),
  /** TrustCert, PEM. */
  key: z.string(),
  certificate: z.string(),
  /** SSH certificate for the same key, where the organisation gives any. */
  sshCertificate: z.string().optional(),
});
export type StoredSession = z.output<typeof session>;

const vaultContent = z.object({
  version: z.literal(1),
  /** DeviceCert, PEM, and when it was received; absent where an earlier version wrote it. */
  device: z.object({
    key: z.string(),
    certificate: z.string(),
    issuedAt: z.number().optional(),
  }),
  session: session.nullable(),
});
export type VaultContent = z.output<typeof vaultContent>;

export const newVaultKey = (): Buffer => randomBytes(KEY_BYTES);

/** The organisation is authenticated too, so that one organisation's file cannot be passed off as another's. */
export function seal(key: Buffer, organisation: string, content: VaultContent): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.concat([MAGIC, Buffer.from(organisation)]));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(content), 'utf8'), cipher.final()]);
  return Buffer.concat([MAGIC, nonce, cipher.getAuthTag(), sealed]);
}

/** Throws `client/storage-corrupt` when the file was changed, belongs elsewhere or the key is another one. */
export function unseal(key: Buffer, organisation: string, file: Buffer): VaultContent {
  try {
    if (!file.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a vault');
    const tagAt = MAGIC.length + NONCE_BYTES;
    const nonce = file.subarray(MAGIC.length, tagAt);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(Buffer.concat([MAGIC, Buffer.from(organisation)]));
    decipher.setAuthTag(file.subarray(tagAt, tagAt + TAG_BYTES));
    const text = Buffer.concat([
      decipher.update(file.subarray(tagAt + TAG_BYTES)),
      decipher.final(),
    ]);
    return vaultContent.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw new AppError('client/storage-corrupt', 'The secrets of this device cannot be read.', {
      cause,
    });
  }
}
