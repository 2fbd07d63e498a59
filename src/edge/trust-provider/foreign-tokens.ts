// ID tokens of one issuer that is not ours, instead of TrustTokens. It knows people and no devices: the device is the one
// whose DeviceCert the connection carries, and what it says of the device comes from our own records.
import { createHash } from 'node:crypto';
import { request } from 'node:https';
import { rootCertificates } from 'node:tls';
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose';
import { foreignClaims } from '../../shared/protocol/foreign-token.ts';
import { NAMESPACE } from '../../shared/protocol/trust-token.ts';
import { z } from '../../shared/schema.ts';
import { HttpRefusal } from '../http/exchange.ts';
import type { VerifyToken } from './identify.ts';
import type { Sessions } from './sessions.ts';

/** Signatures that only the issuer can make; never `none`, never a shared secret. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'];
const ANSWER_MS = 5_000;
const LARGEST_BODY = 256 * 1024;
/** RFC 7519 4.1.5: clocks of two servers differ a little. Of beginnings only: nothing lives longer by it. */
const CLOCK_TOLERANCE_SECONDS = 300;

export interface ForeignIssuer {
  /** Exactly as its tokens name it. */
  issuer: string;
  /** Of our app there: `aud` of its ID tokens. */
  clientId: string;
  /** What `aud` has to name besides, where it has to. */
  audience?: string;
  /** PEM of a root that public ones do not hold. */
  root?: string;
}

export interface ForeignTokensOptions {
  trusted: ForeignIssuer;
  organisation: string;
  sessions: Sessions;
}

export function createForeignTokens(options: ForeignTokensOptions): VerifyToken {
  const { trusted, organisation, sessions } = options;
  const { issuer, clientId, audience = clientId } = trusted;
  const ca = [...rootCertificates, ...(trusted.root === undefined ? [] : [trusted.root])];
  let keys: ReturnType<typeof createRemoteJWKSet> | null = null;

  async function discoverKeys(): Promise<ReturnType<typeof createRemoteJWKSet>> {
    const text = await get(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, ca);
    const { jwks_uri } = metadata(issuer).parse(JSON.parse(text));
    return createRemoteJWKSet(new URL(jwks_uri), {
      [customFetch]: async (url) => new Response(await get(url, ca)),
    });
  }

  async function payloadOf(token: string): Promise<JWTPayload | null> {
    try {
      keys ??= await discoverKeys();
      const verified = await jwtVerify(token, keys, {
        issuer,
        audience: clientId,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp', 'iat', 'sub'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      });
      return verified.payload;
    } catch (error) {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return null;
      // Not the token's fault: a 401 here would end good sessions.
      throw new HttpRefusal(503, 'The issuer of the token cannot be reached.');
    }
  }

  return async (token, device) => {
    const payload = await payloadOf(token);
    const claims = payload && foreignClaims.safeParse(payload).data;
    if (!claims || claims.exp * 1000 <= Date.now()) return null;
    const named = [claims.aud].flat();
    // OpenID Connect Core 3.1.3.7: of several audiences, `azp` says who the token was made for.
    const isForUs = named.includes(audience) && (named.length === 1 || claims.azp === clientId);
    if (!isForUs) return null;
    const sessionId = `foreign-${digest(issuer, claims.sub, device.id)}`;
    const isLive = await sessions.continue(sessionId, device.id, claims);
    return {
      sessionId,
      isLive,
      claims: {
        iss: claims.iss,
        aud: device.id,
        sub: claims.sub,
        exp: claims.exp,
        iat: claims.iat,
        jti: `${sessionId}.${digest(token)}`,
        // Roles go by it, so it must not be what somebody typed there.
        email: claims.email_verified === false ? '' : claims.email,
        name: claims.name,
        groups: claims.groups,
        device_id: device.id,
        serial_number: device.serialNumber,
        [NAMESPACE]: {
          device_ownership: device.ownership,
          platform: device.platform,
          orgname: organisation,
        },
      },
    };
  };
}

const metadata = (issuer: string) =>
  z.object({ issuer: z.literal(issuer), jwks_uri: z.string().startsWith('https://') });

const digest = (...parts: string[]): string =>
  createHash('sha256').update(parts.join('\0')).digest('base64url').slice(0, 22);

/** The body of a 200, in time and of a bounded size. */
function get(url: string, ca: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { ca, signal: AbortSignal.timeout(ANSWER_MS) }, (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        body += chunk;
        if (body.length > LARGEST_BODY) asked.destroy(new Error('the answer is too large'));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(body);
        else reject(new Error(`${url} answers ${answer.statusCode}`));
      });
    });
    asked.on('error', reject);
    asked.end();
  });
}
