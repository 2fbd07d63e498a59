// Somebody who registers a device by signing in, reduced to requests.
import * as openid from 'openid-client';
import { signInWithoutBrowser, type SignInAnswers } from '../../scripts/lib/approve-sign-in.mjs';
import { call, fetchUnder } from './https.ts';
import { REDIRECT } from './scripted-device.ts';
import type { TestEdge } from './start-edge.ts';

export interface RegistrationSignIn {
  config: openid.Configuration;
  /** Pushes a request and gives the page to approve at. */
  start(change?: Record<string, string>): Promise<string>;
  finish(
    callback: string,
  ): Promise<openid.TokenEndpointResponse & openid.TokenEndpointResponseHelpers>;
}

export async function registrationOf(edge: TestEdge): Promise<RegistrationSignIn> {
  const { document, root } = edge.edge;
  const clientId = document.registration?.client_id ?? 'banyan-registration';
  const config = await openid.discovery(new URL(document.issuer), clientId, {}, openid.None(), {
    [openid.customFetch]: async (url, options) => {
      const { status, headers, body } = await call(url, {
        root,
        method: options.method,
        headers: options.headers,
        ...(options.body ? { body: (options.body as URLSearchParams).toString() } : {}),
      });
      return new Response(body, {
        status,
        headers: Object.entries(headers).map(([k, v]): [string, string] => [k, String(v)]),
      });
    },
  });
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  return {
    config,
    async start(change = {}) {
      const url = await openid.buildAuthorizationUrlWithPAR(config, {
        redirect_uri: REDIRECT,
        scope: 'openid email',
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

/** A token that is good for one device. */
export async function registrationToken(edge: TestEdge, answers?: SignInAnswers): Promise<string> {
  const registration = await registrationOf(edge);
  const withRoot = { fetch: fetchUnder(edge.edge.root), ...answers };
  const tokens = await registration.finish(
    await signInWithoutBrowser(await registration.start(), withRoot),
  );
  return tokens.id_token!;
}
