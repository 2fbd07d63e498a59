// OpenID Connect: the only file that knows the library, but for its errors (`oidc-errors.ts`). See docs/protocol.md 4.
import * as oidc from 'openid-client';
import { AppError } from '../../../shared/errors.ts';
import { foreignClaims } from '../../../shared/protocol/foreign-token.ts';
import { type TrustTokenClaims, trustTokenClaims } from '../../../shared/protocol/trust-token.ts';
import type { Membership } from '../device/membership.ts';
import { isThisMachine } from '../../../proxy/index.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import { type Party, type Purpose, translated } from './oidc-errors.ts';

/** Token and certificate are made with some minutes to spare; a clock that is further off is named. */
const TOLERATED_SKEW_SECONDS = 300;
const SCOPE = 'openid offline_access profile email groups';

export interface Tokens {
  /** The ID token as it came. */
  trustToken: string;
  claims: Pick<TrustTokenClaims, 'sub' | 'name' | 'email' | 'groups' | 'iat' | 'exp'>;
  refreshToken?: string;
}

export interface Attempt<Result> {
  /** The page to approve at. */
  url: string;
  /** Takes the address the browser came back with. */
  finish(callback: URL): Promise<Result>;
}

/** RFC 8628: the person approves at any device, with a code that this one shows. */
export interface CodeAttempt {
  userCode: string;
  url: string;
  /** Where the issuer offers none, the same as `url`. */
  urlWithCode: string;
  lifeMs: number;
  /** Asks the issuer again and again until the person has decided; aborting ends that. */
  finish: (signal: AbortSignal) => Promise<Tokens>;
}

export interface Issuer {
  begin(redirectUri: string, state: string): Promise<Attempt<Tokens>>;
  beginWithCode(): Promise<CodeAttempt>;
  refresh(refreshToken: string): Promise<Tokens>;
  revoke(refreshToken: string): Promise<void>;
}

export async function discoverIssuer(joined: Membership): Promise<Issuer> {
  const { document, deviceId } = joined;
  const issuer = new URL(document.issuer);
  // A third-party issuer knows one client for everybody and no devices: user phase only.
  const thirdParty = document.client_id !== undefined;
  const membership = thirdParty ? { ...joined, connection: joined.connection.elsewhere() } : joined;
  const config = await translated(membership, () =>
    oidc.discovery(
      issuer,
      document.client_id ?? deviceId,
      {
        use_mtls_endpoint_aliases: !thirdParty,
        [oidc.clockTolerance]: TOLERATED_SKEW_SECONDS,
      },
      thirdParty ? oidc.None() : oidc.TlsClientAuth(),
      { [oidc.customFetch]: fetchOver(membership) },
    ),
  );
  // Signatures of ID tokens are checked too, although they come straight from the issuer.
  oidc.enableNonRepudiationChecks(config);

  return {
    begin: (redirect_uri, state) =>
      beginAttempt(config, membership, {
        parameters: {
          redirect_uri,
          state,
          scope: SCOPE,
          prompt: 'consent', // OpenID Connect Core 11: else no offline_access
          ...(document.audience !== undefined && { audience: document.audience }),
        },
        read: (response) => read(response, membership),
        what: 'sign-in',
      }),
    beginWithCode: () =>
      translated(membership, async () => {
        if (!config.serverMetadata().device_authorization_endpoint) {
          throw new AppError(
            'identity/device-code-unavailable',
            `${document.name} offers no sign-in at another device.`,
          );
        }
        const given = await oidc.initiateDeviceAuthorization(config, {
          scope: SCOPE,
          ...(document.audience !== undefined && { audience: document.audience }),
        });
        // It is shown in terminals as well.
        if (!/^[\x21-\x7e]{1,32}$/.test(given.user_code)) {
          throw invalidAnswer(issuer.host, 'its code cannot be shown');
        }
        const { user_code, verification_uri: url, verification_uri_complete = url } = given;
        return {
          userCode: user_code,
          url: forBrowser(pageOf(url, issuer), issuer, document.browser_origin),
          urlWithCode: forBrowser(
            pageOf(verification_uri_complete, issuer),
            issuer,
            document.browser_origin,
          ),
          lifeMs: given.expires_in * 1000,
          finish: (signal) => poll(config, given, membership, signal),
        };
      }),
    refresh: (refreshToken) =>
      translated(
        membership,
        async () => {
          const response = await oidc.refreshTokenGrant(config, refreshToken);
          // Devices keep their refresh token (RFC 9700 4.14); an issuer may still give another.
          return { refreshToken, ...read(response, membership) };
        },
        'renewal',
      ),
    revoke: (refreshToken) =>
      translated(membership, () =>
        oidc.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' }),
      ),
  };
}

/**
 * Sign-in to register a device that is none yet: a public client, and a token that is good for that alone. Its own
 * signature, issuer, audience and nonce are checked; whether it holds is the business of who takes it.
 */
export async function beginRegistration(
  party: Party,
  clientId: string,
  redirect_uri: string,
  state: string,
): Promise<Attempt<string>> {
  const config = await translated(party, async () => {
    const issuer = new URL(party.document.issuer);
    const metadata = { [oidc.clockTolerance]: TOLERATED_SKEW_SECONDS };
    return oidc.discovery(issuer, clientId, metadata, oidc.None(), {
      [oidc.customFetch]: fetchOver(party),
    });
  });
  oidc.enableNonRepudiationChecks(config);
  return beginAttempt(config, party, {
    parameters: { redirect_uri, state, scope: 'openid email' },
    read: ({ id_token }) => {
      if (id_token) return id_token;
      throw invalidAnswer(new URL(party.document.issuer).host, 'it holds no token');
    },
    what: 'registration',
  });
}

interface AttemptOptions<Result> {
  parameters: { redirect_uri: string; state: string } & Record<string, string>;
  read: (response: TokenResponse) => Result;
  what: Purpose;
}

/** Code with PKCE, state and nonce; pushed where the issuer takes that (RFC 9126). */
function beginAttempt<Result>(
  config: oidc.Configuration,
  party: Party,
  { parameters, read: readResponse, what }: AttemptOptions<Result>,
): Promise<Attempt<Result>> {
  const { issuer, browser_origin } = party.document;
  const begin = async (): Promise<Attempt<Result>> => {
    const verifier = oidc.randomPKCECodeVerifier();
    const nonce = oidc.randomNonce();
    const all = {
      ...parameters,
      response_type: 'code',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      nonce,
    };
    const url = config.serverMetadata().pushed_authorization_request_endpoint
      ? await oidc.buildAuthorizationUrlWithPAR(config, all)
      : oidc.buildAuthorizationUrl(config, all);
    const finish = async (callback: URL): Promise<Result> =>
      readResponse(
        await oidc.authorizationCodeGrant(config, callback, {
          pkceCodeVerifier: verifier,
          expectedState: parameters.state,
          expectedNonce: nonce,
          idTokenExpected: true,
        }),
      );
    return {
      url: forBrowser(url, new URL(issuer), browser_origin),
      finish: (callback) => translated(party, () => finish(callback), what),
    };
  };
  return translated(party, begin, what);
}

/** RFC 8628 3.5: a question without an answer is asked again, after a longer pause; only an answer ends it. */
async function poll(
  config: oidc.Configuration,
  given: oidc.DeviceAuthorizationResponse,
  membership: Membership,
  signal: AbortSignal,
): Promise<Tokens> {
  for (let interval = given.interval ?? 5; ; interval += 5) {
    try {
      return await translated(membership, async () => {
        const asking = { ...given, interval };
        const answer = await oidc.pollDeviceAuthorizationGrant(config, asking, {}, { signal });
        return read(answer, membership);
      });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError) || error.code !== 'organisation/unreachable') throw error;
    }
  }
}

/** Shown as a link and as a picture that telephones open: it has to be a page, under TLS. */
function pageOf(url: string, issuer: URL): URL {
  const page = URL.canParse(url) ? new URL(url) : null;
  if (page?.protocol === 'https:') return page;
  throw invalidAnswer(issuer.host, 'it names no page for the code');
}

/**
 * The demo's pages come over plain http so that no browser warns. Only where both ends are certainly this computer:
 * the decoder lets pass nothing but a loopback literal, and the issuer itself must be loopback.
 */
export function forBrowser(url: URL, issuer: URL, browserOrigin: string | undefined): string {
  const host = issuer.hostname.replace(/^\[|\]$/g, '');
  if (!browserOrigin || !isThisMachine(host) || url.origin !== issuer.origin) return url.href;
  return browserOrigin + url.pathname + url.search;
}

/** The library's requests over our connection: same pin, same bounds, same errors. */
const fetchOver =
  ({ connection }: Party): oidc.CustomFetch =>
  async (url, { method, headers, body, signal }) => {
    const answer = await connection.ask({
      method: method === 'POST' ? 'POST' : 'GET',
      url,
      headers,
      ...(body !== undefined && body !== null && { body: textOf(body) }),
      ...(signal && { signal }),
    });
    const hasBody = answer.status !== 204 && answer.status !== 304;
    return new Response(hasBody ? answer.body : null, {
      status: answer.status,
      headers: answer.headers,
    });
  };

function textOf(body: oidc.FetchBody): string {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error('a body that sign-in does not use');
}

type TokenResponse = Awaited<ReturnType<typeof oidc.refreshTokenGrant>>;

function read(response: TokenResponse, { document, deviceId }: Membership): Tokens {
  const { host } = new URL(document.issuer);
  const claims = (document.client_id === undefined ? trustTokenClaims : foreignClaims).safeParse(
    response.claims(),
  );
  if (!response.id_token || !claims.success) {
    throw invalidAnswer(host, 'it holds no TrustToken', claims.error);
  }
  if ('device_id' in claims.data && claims.data.device_id !== deviceId) {
    throw new AppError('identity/response-invalid', 'The TrustToken is for another device.');
  }
  return {
    trustToken: response.id_token,
    claims: claims.data,
    ...(response.refresh_token && { refreshToken: response.refresh_token }),
  };
}
