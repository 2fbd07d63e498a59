// The OpenID Connect issuer, configured: one client per device, pushed requests over mutual TLS, code with PKCE.
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { KoaContextWithOIDC, Provider } from 'oidc-provider';
import { deviceUri } from '../../shared/protocol/subject-alternative-names.ts';
import { presentedBy } from '../authority/presented.ts';
import type { ClientCertificates } from '../authority/client-certificates.ts';
import { type Log, reason } from '../log.ts';
import type { Store } from '../store/store.ts';
import { createAdapter } from './adapter.ts';
import { CLAIMS, trustTokenClaims } from './claims.ts';
import { CODE_PAGE, type DeviceCode } from './device-code.ts';
import { INTERACTION } from './interaction.ts';
import { loadProvider } from './library.ts';
import type { OpenPages } from './open-pages.ts';
import { errorPage, pageHeaders } from './pages.ts';
import { firstTooLong } from './pushed-requests.ts';
import {
  REGISTRATION_CLIENT,
  REGISTRATION_SECONDS,
  registrationClaims,
  registrationClient,
} from './registration-client.ts';
import { type IssuerSecrets, TOKEN_ALGORITHM } from './secrets.ts';
import { whyEnded } from './sessions.ts';
import type { Users } from './users.ts';
import type { WebClients } from './web-clients.ts';
import type { WebSignIn } from './web-sign-in.ts';

export interface IssuerLifetimes {
  /** Seconds. */
  session: number;
  /** Of a device code too. */
  signInPage: number;
}

export interface IssuerOptions {
  issuer: string;
  /** Origin of the port that asks for DeviceCerts. */
  mutualOrigin: string;
  organisation: string;
  secrets: IssuerSecrets;
  store: Store;
  volatile: Store;
  users: Users;
  webClients: WebClients;
  webSignIn: WebSignIn;
  certificates: ClientCertificates;
  lifetimes: IssuerLifetimes;
  trustTokenSeconds: () => number;
  deviceCode: DeviceCode;
  openPages: OpenPages;
  /** Whether people may register a device by signing in. */
  registersBySignIn: boolean;
  onSessionGone(sessionId: string, deviceId: string): void;
  /** Somebody has asked for a sign-in and is no client: a device without its certificate, or that is none any more. */
  onRefused(device: string | null, request: IncomingMessage): void;
  log: Log;
}

export const ENDPOINTS = {
  authorization: '/auth',
  token: '/token',
  revocation: '/token/revocation',
  pushed_authorization_request: '/request',
  device_authorization: '/device/auth',
  code_verification: CODE_PAGE,
  jwks: '/jwks',
} as const;

export async function createIssuer(options: IssuerOptions): Promise<Provider> {
  const { issuer, mutualOrigin, store, users, certificates, lifetimes, log } = options;
  const { webClients, webSignIn, trustTokenSeconds } = options;
  const alias = (name: keyof typeof ENDPOINTS): string => `${mutualOrigin}${ENDPOINTS[name]}`;
  /** The device of a valid DeviceCert on this connection. Revoked ones are no clients any more. */
  const presentedDevice = (context: Pick<KoaContextWithOIDC, 'socket'>): string | null => {
    const socket = context.socket as Partial<TLSSocket>;
    if (typeof socket.getPeerCertificate !== 'function') return null;
    const presented = certificates.device(socket as TLSSocket);
    return presented.status === 'valid' ? presented.content : null;
  };

  const { deviceCode, openPages } = options;
  const { Provider: Issuer, errors } = await loadProvider();
  const bounded = (context: KoaContextWithOIDC): void => {
    const tooLong = firstTooLong(context.oidc.params ?? {});
    if (tooLong !== null) throw new errors.InvalidRequest(`${tooLong} is too long`);
  };
  const provider = new Issuer(issuer, {
    adapter: createAdapter({
      durable: store,
      volatile: options.volatile,
      onSessionGone: (sessionId, deviceId) => options.onSessionGone(sessionId, deviceId),
      otherClient: (id) =>
        options.registersBySignIn && id === REGISTRATION_CLIENT
          ? registrationClient
          : webClients.metadata(id),
    }),
    jwks: { keys: [{ ...options.secrets.signingKey }] as never },
    cookies: {
      keys: options.secrets.cookieKeys,
      long: { signed: true, httpOnly: true, sameSite: 'lax', path: '/' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    routes: ENDPOINTS,
    scopes: ['openid', 'offline_access', 'email', 'profile', 'groups'],
    claims: CLAIMS,
    // Every claim is in the ID token: it is the TrustToken, and nobody asks the userinfo endpoint.
    conformIdTokenClaims: false,
    responseTypes: ['code'],
    // The library's hook for looking at parameters; each call sees all of them.
    extraParams: { login_hint: bounded },
    // Which of them each client has to use, its metadata says; `none` only that of registrations.
    clientAuthMethods: ['tls_client_auth', 'client_secret_basic', 'none'],
    enabledJWA: { idTokenSigningAlgValues: [TOKEN_ALGORITHM] },
    clientDefaults: { id_token_signed_response_alg: TOKEN_ALGORITHM },
    pkce: { required: () => true },
    // OpenID Connect Core 3.1.2.1: a device's registered address has no port, so the code would go to whoever listens at 80.
    allowOmittingSingleRegisteredRedirectUri: false,
    // A lost answer must not sign anybody out: bound to the device's certificate instead (RFC 9700 4.14).
    rotateRefreshToken: false,
    expiresWithSession: () => false,
    ttl: {
      AccessToken: 300,
      AuthorizationCode: 60,
      DeviceCode: lifetimes.signInPage,
      // Of a web service: never longer than what the grant stands for.
      IdToken: (context, _, client) => {
        if (client.clientId === REGISTRATION_CLIENT) return REGISTRATION_SECONDS;
        const end = context.oidc.entities.Grant?.exp;
        return webClients.service(client.clientId) && end !== undefined
          ? Math.max(1, Math.min(trustTokenSeconds(), end - Math.floor(Date.now() / 1000)))
          : trustTokenSeconds();
      },
      RefreshToken: lifetimes.session,
      Grant: () => lifetimes.session + trustTokenSeconds(),
      Interaction: lifetimes.signInPage,
      Session: lifetimes.signInPage,
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      claimsParameter: { enabled: false },
      resourceIndicators: { enabled: false },
      requestObjects: { enabled: false },
      revocation: {
        enabled: true,
        allowedPolicy: (_, client, token) => token.clientId === client.clientId,
      },
      deviceFlow: deviceCode.feature,
      pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        getCertificate: (context) => {
          if (presentedDevice(context) === null) return undefined;
          return presentedBy(context.socket as TLSSocket)?.read();
        },
        certificateAuthorized: (context) => presentedDevice(context) !== null,
        certificateSubjectMatches: (context, property, expected) => {
          const device = presentedDevice(context);
          return (
            property === 'tls_client_auth_san_uri' &&
            device !== null &&
            deviceUri(device) === expected
          );
        },
      },
    },
    discovery: {
      mtls_endpoint_aliases: {
        pushed_authorization_request_endpoint: alias('pushed_authorization_request'),
        token_endpoint: alias('token'),
        revocation_endpoint: alias('revocation'),
        device_authorization_endpoint: alias('device_authorization'),
      },
    },
    // Only what has been granted in this very interaction: a session that the browser has kept grants nothing.
    loadExistingGrant(context) {
      const grantId = context.oidc.result?.consent?.grantId;
      return Promise.resolve(grantId ? context.oidc.provider.Grant.find(grantId) : undefined);
    },
    interactions: {
      url: (_, interaction) => `${INTERACTION}/${interaction.uid}`,
    },
    async findAccount(context, id) {
      const user = await users.find(id);
      if (!user) return undefined;
      return {
        accountId: id,
        async claims() {
          const { Client: client, Grant: grant, AccessToken: access } = context.oidc.entities;
          if (!client || !grant?.jti) throw new Error('a token needs a client and a session');
          if (client.clientId === REGISTRATION_CLIENT) return registrationClaims(user);
          const { organisation } = options;
          const web = await webSignIn.binding(grant.jti);
          const device = web?.device ?? (await store.get('devices', client.clientId));
          if (!device) throw new Error('a token needs a device');
          const sessionId = web?.sessionId ?? grant.jti;
          if (!access) throw new Error('a token comes with an access token');
          return trustTokenClaims(user, device, {
            sessionId,
            organisation,
            accessToken: access.jti,
          });
        },
      };
    },
    renderError(context, out) {
      context.set(pageHeaders());
      context.body = errorPage(out.error_description ?? 'The request cannot be answered.');
    },
  });

  // A web service with a `*.` name has one address for each name below it, and no list of them.
  // oxlint-disable-next-line typescript/unbound-method -- called with the client it belongs to
  const { redirectUriAllowed } = provider.Client.prototype;
  provider.Client.prototype.redirectUriAllowed = function (uri) {
    return redirectUriAllowed.call(this, uri) || webClients.covers(this.clientId, uri);
  };
  provider.use(deviceCode.middleware);
  provider.use(async (context, next) => {
    await next();
    const answer: unknown = context.body;
    if (typeof answer !== 'object' || answer === null) return;
    if (!('error' in answer)) return;
    if (answer.error === 'invalid_client') {
      const device = presentedDevice(context);
      options.onRefused(device, context.req);
      const known = device === null ? undefined : await store.get('devices', device);
      if (known?.banned === undefined || known.revoked !== undefined) return;
      // Who it is is known, and that it comes back: after `invalid_client` people would be told to register anew.
      context.status = 400;
      context.body = { error: 'unauthorized_client', error_description: known.banned };
    }
    if (answer.error !== 'invalid_grant') return;
    const reason = await whyEnded(store, String(context.oidc.params?.['refresh_token']));
    if (reason) context.body = { ...answer, error_description: reason };
  });
  provider.on('interaction.started', (context) => openPages.started(context));
  provider.on('interaction.ended', (context) => openPages.ended(context));
  provider.on('server_error', (_, error) =>
    log('error', 'issuer failed', { reason: reason(error) }),
  );
  // Without a listener the HTTP framework under it prints stacks itself.
  (provider as NodeJS.EventEmitter).on('error', (error: unknown) => {
    // Anybody can do that, as often as they like: it must not fill a terminal or an alarm.
    if (isBrokenOff(error)) log('info', 'a request broke off', { reason: reason(error) });
    else log('error', 'issuer failed', { reason: reason(error) });
  });
  return provider;
}

/** The body ended early or was no HTTP: codes of Node's socket and parser (llhttp). */
function isBrokenOff(error: unknown): boolean {
  const code = error instanceof Error ? String((error as NodeJS.ErrnoException).code) : '';
  return code === 'ECONNRESET' || code.startsWith('HPE_');
}
