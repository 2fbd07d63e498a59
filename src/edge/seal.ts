// What leaves our hands and comes back, through a browser or a database: readable and makeable by who has the key alone.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { z } from '../shared/schema.ts';

export interface Seal<Content> {
  close(content: Content): string;
  /** Null: it was not sealed here. */
  open(text: string): Content | null;
}

/** AES-256-GCM. Without a key of 32 bytes it is one that nobody keeps: then only this process can open it. */
export function createSeal<Schema extends z.ZodType>(
  schema: Schema,
  key: Uint8Array = randomBytes(32),
): Seal<z.output<Schema>> {
  return {
    close(content) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const sealed = [cipher.update(JSON.stringify(content), 'utf8'), cipher.final()];
      return Buffer.concat([iv, cipher.getAuthTag(), ...sealed]).toString('base64url');
    },
    open(text) {
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.length < 28) return null;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
        decipher.setAuthTag(bytes.subarray(12, 28));
        const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
        return schema.parse(JSON.parse(plain.toString('utf8')));
      } catch {
        return null; // not sealed by us
      }
    },
  };
}
