// The body of a call: one small JSON object.
import type { IncomingMessage } from 'node:http';

const LARGEST_BODY = 64 * 1024;

/** A body that is too large or no JSON object. */
export class UnusableBody extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415) {
    super(`unusable body (${status})`);
    this.status = status;
  }
}

export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  // A form of another site cannot send this type without asking first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new UnusableBody(415);
  }
  // Said beforehand, it can be refused with an answer; found out on the way, the connection is cut.
  if (Number(request.headers['content-length'] ?? 0) > LARGEST_BODY) throw new UnusableBody(413);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_BODY) throw new UnusableBody(413);
    chunks.push(chunk);
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (typeof value === 'object' && value !== null) return { ...value };
  } catch {
    // Not JSON: the same answer as for JSON that is no object.
  }
  throw new UnusableBody(400);
}
