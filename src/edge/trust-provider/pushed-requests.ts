// Registrations are pushed by nobody in particular (`registration-client.ts`), and each is held for a minute, in memory: what
// strangers may fill of it is bounded.
import { type Handler, HttpRefusal } from '../http/exchange.ts';

/** A whole request of our own apps is below one kilobyte, that of a web service below four. */
const LONGEST_BYTES = 8 * 1024;
/** Of strangers together, within the life of a request; who proves to be a client is not counted. */
const MOST = 500;
const LIFE_MS = 60_000;

/** Held with a request, and with each page that it opens. What a web service seals into its `state` is the longest. */
const LONGEST_PARAMETER = 256;
const LONGEST_STATE = 4 * 1024;

/** The name of the first parameter that is longer than any of ours. */
export function firstTooLong(parameters: Readonly<Record<string, unknown>>): string | null {
  for (const [name, value] of Object.entries(parameters)) {
    const longest = name === 'state' ? LONGEST_STATE : LONGEST_PARAMETER;
    if (typeof value === 'string' && value.length > longest) return name;
  }
  return null;
}

export function boundedPushes(handler: Handler): Handler {
  let pushed: number[] = [];
  return async (request, response) => {
    // One without a length could be of any.
    const length = Number(request.headers['content-length'] ?? Infinity);
    if (length > LONGEST_BYTES) throw new HttpRefusal(413, 'The request is too large.');
    if (request.headers.authorization === undefined) {
      const now = performance.now();
      pushed = pushed.filter((at) => now - at < LIFE_MS);
      if (pushed.length >= MOST) {
        throw new HttpRefusal(503, 'Too many registrations at once. Try again in a minute.');
      }
      pushed.push(now);
    }
    await handler(request, response);
  };
}
