// The list of versions that the maker of this app publishes: fetched, and believed only with the maker's signature. Nothing
// else reads it before that: neither a parser nor the library that downloads.
import { createPublicKey, verify } from 'node:crypto';
import { parse } from 'yaml';
import { AppError } from '../../../shared/errors.ts';
import { z } from '../../../shared/schema.ts';
import type { Connection } from '../organisation/connection.ts';
import type { UpdateFeed, UpdateSource } from '../ports.ts';

/** SHA-512 in base64. */
const sha512 = z.string().regex(/^[A-Za-z0-9+/]{86}==$/);
const feed = z.object({
  version: z.string().regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/),
  /** Names beside the list: an address of another server would be one that nobody expects this app to ask. */
  files: z
    .array(
      z.object({ url: z.string().regex(/^[\w. ()+-]+$/), sha512, size: z.number().positive() }),
    )
    .min(1),
  releaseDate: z.string(),
  stagingPercentage: z.number().min(0).max(100).optional(),
  minimumSystemVersion: z.string().optional(),
});

/** The last line of a list; everything before it is what was signed. Bits that base64 leaves over are none. */
const SIGNATURE_LINE =
  /^# banyan-signature (?<signedAt>\S{1,40}) (?<signature>[A-Za-z0-9+/]{85}[AQgw]==)\n?$/;

export interface SignedFeed {
  feed: UpdateFeed;
  /** ISO 8601, so that later ones compare as greater. */
  signedAt: string;
}

/** Throws `updates/feed-refused`. */
export function readSignedFeed(text: string, file: string, key: string): SignedFeed {
  const start = text.lastIndexOf('\n', text.length - 2) + 1;
  const line = SIGNATURE_LINE.exec(text.slice(start))?.groups;
  if (!line) throw refused('it carries no signature');
  const { signedAt = '', signature = '' } = line;
  const body = text.slice(0, start);
  if (!isSigned({ file, signedAt, body }, signature, key)) {
    throw refused('its signature is not that of the maker of this app');
  }
  if (!z.iso.datetime().safeParse(signedAt).success)
    throw refused('it does not say when it was signed');
  const decoded = feed.safeParse(parse(body));
  if (!decoded.success) throw refused('it is not a list of versions that this app can read');
  return { feed: decoded.data, signedAt };
}

interface Signed {
  /** Signed too: the list of another system is none for this one. */
  file: string;
  signedAt: string;
  body: string;
}

function isSigned({ file, signedAt, body }: Signed, signature: string, key: string): boolean {
  const message = Buffer.from(`banyan-feed-1\n${file}\n${signedAt}\n${body}`);
  const publicKey = createPublicKey({
    key: Buffer.from(key, 'base64'),
    format: 'der',
    type: 'spki',
  });
  return verify(null, message, publicKey, Buffer.from(signature, 'base64'));
}

/** @param newest when the newest list that was ever accepted was signed */
export async function fetchFeed(
  connection: Connection,
  source: UpdateSource,
  newest: string | null,
  signal: AbortSignal,
): Promise<SignedFeed> {
  const { address, file, key } = source;
  const url = new URL(file, address);
  const answer = await connection
    .ask({ url: url.href, headers: { 'cache-control': 'no-cache' }, signal })
    .catch((cause: unknown) => {
      const why = cause instanceof AppError ? cause.message : 'It gave no answer.';
      throw unreachable(url.host, why, cause);
    });
  if (answer.status !== 200) throw unreachable(url.host, `It answered with ${answer.status}.`);
  const found = readSignedFeed(answer.body, file, key);
  // A list of yesterday would hide what was published since, or bring back a version that was withdrawn.
  if (newest !== null && found.signedAt < newest) {
    throw new AppError(
      'updates/feed-older',
      `The list of versions was signed at ${found.signedAt}, and this computer has seen one of ${newest}.`,
    );
  }
  return found;
}

const refused = (why: string): AppError =>
  new AppError('updates/feed-refused', `The list of versions is not believed: ${why}.`);

const unreachable = (host: string, why: string, cause?: unknown): AppError =>
  new AppError('updates/feed-unreachable', `${host} could not be asked for versions. ${why}`, {
    cause,
  });
