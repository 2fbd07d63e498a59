// Signs a list of versions, so that src/main/client/updates/feed.ts believes it.
import { sign } from 'node:crypto';

const SIGNATURE_LINE = /\n# banyan-signature [^\n]*\n?$/;

/**
 * @param {string} list what electron-builder has written; a signature that it carries is replaced
 * @param {{ file: string, key: import('node:crypto').KeyLike, signedAt?: Date }} options `file`: its name, which is signed too
 */
export function signFeed(list, { file, key, signedAt = new Date() }) {
  const body = `${list.replace(SIGNATURE_LINE, '').trimEnd()}\n`;
  const at = signedAt.toISOString();
  const message = Buffer.from(`banyan-feed-1\n${file}\n${at}\n${body}`);
  return `${body}# banyan-signature ${at} ${sign(null, message, key).toString('base64')}\n`;
}
