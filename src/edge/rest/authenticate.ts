// Who asks: `Authorization: Bearer` with a key (RFC 6750). Asked of the store at each request, so that a key is good for
// none that begins after it was revoked, at whichever edge.
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import {
  type ApiKey,
  type ApiKeys,
  type ApiKeyRole,
  nameInKey,
} from '../administration/api-keys.ts';
import type { Audit } from '../audit/audit.ts';
import { type Log, reason } from '../log.ts';
import { createThrottle } from '../trust-provider/throttle.ts';
import { RestRefusal } from './refusals.ts';

export interface AuthenticateOptions {
  keys: Pick<ApiKeys, 'check'>;
  audit: Pick<Audit, 'write'>;
  log: Log;
}

export interface Authenticate {
  /** Throws RestRefusal. */
  key(request: IncomingMessage): Promise<ApiKey>;
  role(request: IncomingMessage, key: ApiKey, needed: ApiKeyRole): void;
}

const REALM = 'Bearer realm="banyan-edge"';
/** A key cannot be guessed: this keeps those who try from filling the audit and asking the store. */
const BACKOFF = { freeAttempts: 5, firstDelayMs: 1_000, longestDelayMs: 60_000 };

/** Nor does a key that may only read, by trying to write: some programs try everything once. */
const MISUSE = { freeAttempts: 50, firstDelayMs: 1_000, longestDelayMs: 60_000 };

export function createAuthenticate({ keys, audit, log }: AuthenticateOptions): Authenticate {
  const throttle = createThrottle(BACKOFF);
  const misuses = createThrottle(MISUSE);
  /**
   * What keys hash to that were good here: whoever sends bad ones from the same address does not shut them out. Not their
   * names, which others know.
   */
  const proven = new Set<string>();
  const note = (request: IncomingMessage, refusal: RestRefusal, by: string | null): RestRefusal => {
    audit.write({
      event: 'api-key',
      correlation_id: refusal.correlationId ?? randomUUID(),
      allowed: false,
      code: refusal.code,
      from: request.socket.remoteAddress ?? '',
      ...(by !== null && { by: callerOf(by) }),
    });
    return refusal;
  };

  return {
    async key(request) {
      const given = bearerOf(request);
      if (given === null) {
        const why = 'A key is expected: "Authorization: Bearer" and the key.';
        throw new RestRefusal(401, 'edge/key-refused', why, { 'WWW-Authenticate': REALM });
      }
      const source = request.socket.remoteAddress ?? '';
      const hash = createHash('sha256').update(given).digest('base64url');
      const attempts = proven.has(hash) ? `${source} ${hash}` : source;
      const waitMs = throttle.delayMs(attempts);
      if (waitMs > 0) throw tooMany('Too many keys were refused.', waitMs);
      const key = await keys.check(given).catch((error: unknown) => {
        log('error', 'a key cannot be looked up', { reason: reason(error) });
        throw new RestRefusal(503, 'edge/unavailable', 'The store does not answer.', {
          'Retry-After': '5',
        });
      });
      if (key === null) {
        throttle.failed(attempts);
        const why = 'This key is unknown, revoked or expired.';
        const challenge = { 'WWW-Authenticate': `${REALM}, error="invalid_token"` };
        const refusal = new RestRefusal(401, 'edge/key-refused', why, challenge);
        throw note(request, refusal, nameInKey(given));
      }
      proven.add(hash);
      throttle.succeeded(attempts);
      return key;
    },
    role(request, key, needed) {
      if (key.role === 'write' || needed === 'read') return;
      const why = `The key "${key.name}" may only read.`;
      const waitMs = misuses.delayMs(key.name);
      if (waitMs > 0) throw tooMany(why, waitMs);
      misuses.failed(key.name);
      const challenge = `${REALM}, error="insufficient_scope", scope="${needed}"`;
      throw note(
        request,
        new RestRefusal(403, 'edge/key-role', why, { 'WWW-Authenticate': challenge }),
        key.name,
      );
    },
  };
}

/** Not in the audit: that is what it is for. */
const tooMany = (why: string, waitMs: number): RestRefusal =>
  new RestRefusal(429, 'edge/too-many-attempts', why, {
    'Retry-After': String(Math.ceil(waitMs / 1000)),
  });

/** As the audit and the records name it. */
export const callerOf = (name: string): string => `api-key ${name}`;

/** null: there is none, or it is of another kind. */
export const bearerOf = ({ headers }: IncomingMessage): string | null =>
  /^Bearer +([\w.~+/-]+=*)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
