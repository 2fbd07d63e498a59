// Registering a device by signing in: a public client of apps that have no DeviceCert yet (RFC 8252 8.4). What it gets
// names no device, so nothing but EST takes it, and that once: `enrolment/registration-tokens.ts`.
import { randomUUID } from 'node:crypto';
import type { AccountClaims, AdapterPayload } from 'oidc-provider';
import type { UserRecord } from '../store/store.ts';
import { TOKEN_ALGORITHM } from './secrets.ts';

/** Also the audience of its tokens. Not a UUID, so it is no device's id. */
export const REGISTRATION_CLIENT = 'banyan-registration';
export const REGISTRATION_SECONDS = 300;

export const registrationClient: AdapterPayload = {
  client_id: REGISTRATION_CLIENT,
  client_name: 'Device registration',
  application_type: 'native',
  // RFC 8252 7.3: the port of a loopback redirect is chosen at the time of the request.
  redirect_uris: ['http://127.0.0.1/callback'],
  // No refresh token, and no code for another device (RFC 8628): whoever talks a person into typing a code would get a
  // registered device in that person's name. A loopback redirect gives the code to the person's own computer alone.
  grant_types: ['authorization_code'],
  response_types: ['code'],
  scope: 'openid email',
  id_token_signed_response_alg: TOKEN_ALGORITHM,
  token_endpoint_auth_method: 'none',
  require_pushed_authorization_requests: true,
};

/** No `device_id`: a TrustToken it can never be. */
export const registrationClaims = (user: UserRecord): AccountClaims => ({
  sub: user.id,
  jti: randomUUID(),
  email: user.email,
  email_verified: true,
});
