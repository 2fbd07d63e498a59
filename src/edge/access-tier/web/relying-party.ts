// The Access Tier as OpenID Connect client of the trust provider, one client for each web service: sends a browser to
// sign in, takes the code it comes back with. Keeps nothing: what must come back travels sealed in `state`.
import { createHash } from 'node:crypto';
import * as openid from 'openid-client';
import { Agent, fetch } from 'undici';
import { loopbackLookup } from '../../../proxy/net/loopback.ts';
import { z } from '../../../shared/schema.ts';
import { createSeal } from '../../seal.ts';
import { ENDPOINTS } from '../../trust-provider/provider.ts';
import { TOKEN_ALGORITHM } from '../../trust-provider/secrets.ts';
import { CALLBACK_PATH } from '../../command-center/http-settings.ts';
import { WEB_SCOPE } from '../../trust-provider/web-clients.ts';

export interface RelyingPartyOptions {
  issuer: string;
  /** PEM the issuer's certificate is verified under. */
  root: string;
  /** Where browsers find the issuer's pages. */
  pagesOrigin: string;
  secret(serviceId: string): string;
}

/** Of one sign-in: which service at which address, for which browser, and where it goes on afterwards. */
export interface Visit {
  serviceId: string;
  origin: string;
  /** Of the cookie that binds the answer to this browser. */
  browserSecret: string;
}

export type SignInEnd =
  | { ok: true; token: string; returnTo: string }
  | { ok: false; why: 'denied' | 'not-this-browser' | 'failed' };

export interface RelyingParty {
  /** The page to send the browser to; `returnTo` is an origin-form target (RFC 9112 3.2.1). */
  begin(visit: Visit, returnTo: string): Promise<string>;
  /** What the browser brought to the callback. Every failure is an answer: it is the outside world that asks. */
  finish(visit: Visit, target: string): Promise<SignInEnd>;
  stop(): Promise<void>;
}

/** So long may somebody take to sign in. */
export const SIGN_IN_SECONDS = 900;

const sealedState = z.object({
  serviceId: z.string(),
  origin: z.string(),
  browser: z.string(),
  verifier: z.string(),
  nonce: z.string(),
  returnTo: z.string(),
  /** Seconds since the epoch. */
  until: z.number(),
});

export function createRelyingParty(options: RelyingPartyOptions): RelyingParty {
  const { issuer, pagesOrigin } = options;
  const seal = createSeal(sealedState);
  const dispatcher = new Agent({
    connect: { ca: options.root, lookup: loopbackLookup, timeout: 10_000 },
    headersTimeout: 10_000,
    bodyTimeout: 10_000,
    connections: 32,
  });
  const configurationOf = (serviceId: string): openid.Configuration => {
    const configuration = new openid.Configuration(
      {
        issuer,
        authorization_endpoint: `${issuer}${ENDPOINTS.authorization}`,
        token_endpoint: `${issuer}${ENDPOINTS.token}`,
        pushed_authorization_request_endpoint: `${issuer}${ENDPOINTS.pushed_authorization_request}`,
        authorization_response_iss_parameter_supported: true,
      },
      serviceId,
      { id_token_signed_response_alg: TOKEN_ALGORITHM },
      openid.ClientSecretBasic(options.secret(serviceId)),
    );
    configuration[openid.customFetch] = async (url, { headers, body }) => {
      // Both requests of ours are forms.
      if (!(body instanceof URLSearchParams)) throw new TypeError('a form was expected');
      const answer = await fetch(url, {
        method: 'POST',
        headers,
        body: body.toString(),
        dispatcher,
      });
      return new Response(await answer.text(), {
        status: answer.status,
        headers: [...answer.headers],
      });
    };
    return configuration;
  };
  const browserOf = ({ browserSecret }: Visit): string =>
    createHash('sha256').update(browserSecret).digest('base64url');

  return {
    async begin(visit, returnTo) {
      const verifier = openid.randomPKCECodeVerifier();
      const nonce = openid.randomNonce();
      const page = await openid.buildAuthorizationUrlWithPAR(configurationOf(visit.serviceId), {
        redirect_uri: `${visit.origin}${CALLBACK_PATH}`,
        scope: WEB_SCOPE,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        nonce,
        state: seal.close({
          serviceId: visit.serviceId,
          origin: visit.origin,
          browser: browserOf(visit),
          verifier,
          nonce,
          returnTo,
          until: Math.floor(Date.now() / 1000) + SIGN_IN_SECONDS,
        }),
      });
      return `${pagesOrigin}${page.pathname}${page.search}`;
    },
    async finish(visit, target) {
      const url = new URL(`${visit.origin}${target}`);
      const state = url.searchParams.get('state') ?? '';
      const sealed = seal.open(state);
      // Somebody else's code, or one of another service, must not sign this browser in (RFC 6749 10.12).
      const isOurs =
        sealed !== null &&
        sealed.serviceId === visit.serviceId &&
        sealed.origin === visit.origin &&
        visit.browserSecret !== '' &&
        sealed.browser === browserOf(visit) &&
        sealed.until > Date.now() / 1000;
      if (!isOurs) return { ok: false, why: 'not-this-browser' };
      try {
        const tokens = await openid.authorizationCodeGrant(configurationOf(visit.serviceId), url, {
          pkceCodeVerifier: sealed.verifier,
          expectedState: state,
          expectedNonce: sealed.nonce,
          idTokenExpected: true,
        });
        return { ok: true, token: tokens.id_token ?? '', returnTo: sealed.returnTo };
      } catch (error) {
        const isDenied =
          error instanceof openid.AuthorizationResponseError && error.error === 'access_denied';
        return { ok: false, why: isDenied ? 'denied' : 'failed' };
      }
    },
    stop: () => dispatcher.destroy(),
  };
}
