// A relying party as openid-client sees it, over a root and certificate of ours.
import * as openid from 'openid-client';
import { call, type Identity } from './https.ts';
import type { TestEdge } from './start-edge.ts';

const REDIRECT = 'http://127.0.0.1:49152/callback';

export interface OpenId {
  config: openid.Configuration;
  verifier: string;
  /** Pushes a request and gives the page to approve at, on the browser origin. */
  start(change?: Record<string, string>): Promise<string>;
  finish(
    callback: string,
  ): Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers>;
}

interface RelyingPartyOptions {
  clientId: string;
  metadata?: Partial<openid.ClientMetadata>;
  authentication: openid.ClientAuth;
  identity?: Identity | undefined;
  /** Of each request, besides those of the code flow with PKCE. */
  parameters: Record<string, string>;
}

export async function relyingParty(
  edge: TestEdge,
  { clientId, metadata = {}, authentication, identity, parameters }: RelyingPartyOptions,
): Promise<OpenId> {
  const { document, root } = edge.edge;
  const config = await openid.discovery(
    new URL(document.issuer),
    clientId,
    metadata,
    authentication,
    {
      [openid.customFetch]: async (url, options) => {
        const { status, headers, body } = await call(url, {
          root,
          identity,
          method: options.method,
          headers: options.headers,
          ...(options.body ? { body: (options.body as URLSearchParams).toString() } : {}),
        });
        return new Response(status === 204 ? null : body, {
          status,
          headers: Object.entries(headers).map(([k, v]): [string, string] => [k, String(v)]),
        });
      },
    },
  );
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  return {
    config,
    verifier,
    async start(change = {}) {
      const url = await openid.buildAuthorizationUrlWithPAR(config, {
        ...parameters,
        redirect_uri: REDIRECT,
        code_challenge: await openid.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
        ...change,
      });
      return `${document.browser_origin ?? document.issuer}${url.pathname}${url.search}`;
    },
    finish: (callback) =>
      openid.authorizationCodeGrant(config, new URL(callback), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
      }),
  };
}
