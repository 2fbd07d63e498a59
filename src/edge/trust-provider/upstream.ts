// The user phase at another OpenID Connect issuer: sends the browser there and reads who came back. Code with PKCE, state
// and nonce; the answer counts for the one sign-in that has asked for it. Nothing is kept: it travels sealed in `state`.
import { rootCertificates } from 'node:tls';
import * as openid from 'openid-client';
import { Agent, fetch, type Response as Answer } from 'undici';
import { loopbackLookup } from '../../proxy/net/loopback.ts';
import { label } from '../../shared/protocol/text.ts';
import { z } from '../../shared/schema.ts';
import { type Log, reason } from '../log.ts';
import { createSeal } from '../seal.ts';
import type { UpstreamPerson } from './users.ts';

export interface UpstreamIssuer {
  /** Exactly as its tokens name it. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Claim of its ID tokens that names the groups; default: `groups`. */
  groupsClaim?: string | undefined;
  /** People cannot type any address there, though the issuer does not say so by `email_verified`. */
  trustUnverifiedEmail?: boolean | undefined;
  /** PEM of a root that public ones do not hold. */
  root?: string | undefined;
}

/** Why nobody is signed in: shown to the person, and in the audit. */
export type UpstreamCode =
  | 'issuer_unreachable'
  | 'issuer_refused'
  | 'issuer_answer_invalid'
  | 'email_unverified'
  | 'email_taken'
  | 'account_disabled';

export type UpstreamEnd = { ok: true; person: UpstreamPerson } | { ok: false; code: UpstreamCode };

export interface Upstream {
  readonly issuer: string;
  /** Of its pages: forms that lead there have to say so. Null: it cannot be reached. */
  pagesOrigin(): Promise<string | null>;
  /** The address to send the browser of this sign-in to; null: it cannot be reached. */
  begin(signIn: string): Promise<string | null>;
  /** The sign-in that an answer belongs to; null: to none. */
  signInOf(state: string): string | null;
  /** `target` is what the browser has brought back, from `?` on. */
  finish(signIn: string, target: string): Promise<UpstreamEnd>;
  stop(): Promise<void>;
}

export const UPSTREAM_CALLBACK = '/upstream/callback';
const SIGN_IN_SECONDS = 900;
const LARGEST_ANSWER = 256 * 1024;

const sealedState = z.object({
  signIn: z.string(),
  verifier: z.string(),
  nonce: z.string(),
  /** Seconds since the epoch. */
  until: z.number(),
});

const claimsOf = (groupsClaim: string) =>
  z
    .looseObject({
      sub: label.min(1),
      email: label.min(1),
      email_verified: z.boolean().optional(),
      name: label.default(''),
    })
    .transform((claims) => ({
      ...claims,
      groups: z
        .union([z.array(label).max(1000), label.transform((one) => [one])])
        .default([])
        .safeParse(claims[groupsClaim]),
    }));

export function createUpstream(
  config: UpstreamIssuer,
  options: { redirectUri: () => string; log: Log },
): Upstream {
  const { issuer, clientId, clientSecret, groupsClaim = 'groups' } = config;
  const { log } = options;
  const seal = createSeal(sealedState);
  const dispatcher = new Agent({
    connect: {
      ca: [...rootCertificates, ...(config.root === undefined ? [] : [config.root])],
      lookup: loopbackLookup,
      timeout: 5_000,
    },
    headersTimeout: 5_000,
    bodyTimeout: 5_000,
  });
  const ask: openid.CustomFetch = async (url, { method, headers, body, signal }) => {
    const answer = await fetch(url, {
      method,
      headers,
      dispatcher,
      ...(signal && { signal }),
      // What is sent holds our secret, and is for no other place than the one that discovery has named.
      redirect: 'manual',
      // What we send are forms.
      ...(body instanceof URLSearchParams && { body: body.toString() }),
    });
    return new Response(await textOf(answer), {
      status: answer.status,
      headers: [...answer.headers],
    });
  };
  let known: Promise<openid.Configuration> | null = null;
  /** Rejects when it cannot be reached; whoever asks next tries again. */
  const configuration = (): Promise<openid.Configuration> => {
    const found =
      known ??
      openid.discovery(new URL(issuer), clientId, clientSecret, undefined, {
        [openid.customFetch]: ask,
      });
    known = found;
    found.catch(() => (known = null));
    return found;
  };
  const reached = async (): Promise<openid.Configuration | null> =>
    configuration().catch((error: unknown) => {
      log('error', 'the issuer where people sign in cannot be reached', { reason: cause(error) });
      return null;
    });

  const readPerson = (claims: unknown): UpstreamEnd => {
    const read = claimsOf(groupsClaim).safeParse(claims);
    if (!read.success || !read.data.groups.success) {
      log('warn', 'the issuer where people sign in says too little of somebody', {
        reason: read.success ? `${groupsClaim} are no groups` : z.prettifyError(read.error),
      });
      return { ok: false, code: 'issuer_answer_invalid' };
    }
    const { sub, email, name, email_verified: told, groups } = read.data;
    // Roles go by it, so it must not be what somebody typed there.
    if (!(told ?? config.trustUnverifiedEmail ?? false))
      return { ok: false, code: 'email_unverified' };
    return { ok: true, person: { subject: sub, email, name: name || email, groups: groups.data } };
  };

  return {
    issuer,
    async pagesOrigin() {
      const endpoint = (await reached())?.serverMetadata().authorization_endpoint;
      return endpoint === undefined ? null : new URL(endpoint).origin;
    },
    async begin(signIn) {
      const found = await reached();
      if (!found) return null;
      const verifier = openid.randomPKCECodeVerifier();
      const nonce = openid.randomNonce();
      const until = Math.floor(Date.now() / 1000) + SIGN_IN_SECONDS;
      return openid.buildAuthorizationUrl(found, {
        redirect_uri: options.redirectUri(),
        scope: 'openid profile email',
        // A session that was left in the browser must not approve what somebody else's device has started.
        prompt: 'login',
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        nonce,
        state: seal.close({ signIn, verifier, nonce, until }),
      }).href;
    },
    signInOf(state) {
      const sealed = seal.open(state);
      return sealed && sealed.until > Date.now() / 1000 ? sealed.signIn : null;
    },
    async finish(signIn, target) {
      const url = new URL(target, options.redirectUri());
      const state = url.searchParams.get('state') ?? '';
      const sealed = seal.open(state);
      const isOurs = sealed?.signIn === signIn && sealed.until > Date.now() / 1000;
      if (!isOurs) return { ok: false, code: 'issuer_answer_invalid' };
      const found = await reached();
      if (!found) return { ok: false, code: 'issuer_unreachable' };
      try {
        const tokens = await openid.authorizationCodeGrant(found, url, {
          pkceCodeVerifier: sealed.verifier,
          expectedState: state,
          expectedNonce: sealed.nonce,
          idTokenExpected: true,
        });
        return readPerson(tokens.claims());
      } catch (error) {
        const code = codeOf(error);
        log('warn', 'a sign-in elsewhere has failed', { code, reason: cause(error) });
        return { ok: false, code };
      }
    },
    stop: () => dispatcher.destroy(),
  };
}

/** The library says of what is not its own that something went wrong, and keeps what. */
const cause = (error: unknown): string =>
  reason(error instanceof openid.ClientError && error.cause instanceof Error ? error.cause : error);

/** Counted as it is unpacked: a small one may be endless. */
async function textOf({ body }: Answer): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > LARGEST_ANSWER) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What the issuer says, what it says wrongly, and that it says nothing. */
function codeOf(error: unknown): UpstreamCode {
  if (error instanceof openid.AuthorizationResponseError) return 'issuer_refused';
  if (error instanceof openid.ResponseBodyError) return 'issuer_answer_invalid';
  if (error instanceof openid.ClientError) return 'issuer_answer_invalid';
  return 'issuer_unreachable';
}
