// WEB services as OpenID Connect clients: the Access Tier is their relying party. They push their requests and
// authenticate with a secret that lives as long as this process and is written nowhere.
import { createHmac, randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import { coversOrigin } from '../access-tier/web/sites.ts';
import { CALLBACK_PATH } from '../command-center/http-settings.ts';
import type { PublishedService, Rulebook } from '../command-center/rulebook.ts';
import { TOKEN_ALGORITHM } from './secrets.ts';

export const WEB_SCOPE = 'openid profile email groups';

export interface WebClients {
  /** The WEB service of this client id, while it is published. */
  service(clientId: string): PublishedService | undefined;
  secret(serviceId: string): string;
  metadata(clientId: string): AdapterPayload | undefined;
  /** Whether this is the callback at one of the service's addresses. */
  covers(clientId: string, redirectUri: string): boolean;
}

export function createWebClients(
  rulebook: Rulebook,
  originsOf: (service: PublishedService) => readonly string[],
): WebClients {
  const key = randomBytes(32);
  const service = (clientId: string): PublishedService | undefined => {
    const found = rulebook.service(clientId);
    return found && isWeb(found) && found.enabled ? found : undefined;
  };
  const secret = (serviceId: string): string =>
    createHmac('sha256', key).update(serviceId).digest('base64url');
  return {
    service,
    secret,
    covers(clientId, redirectUri) {
      const found = service(clientId);
      if (!found || !URL.canParse(redirectUri)) return false;
      const { origin } = new URL(redirectUri);
      return (
        redirectUri === `${origin}${CALLBACK_PATH}` &&
        originsOf(found).some((known) => coversOrigin(known, origin))
      );
    },
    metadata(clientId) {
      const found = service(clientId);
      return (
        found && {
          client_id: found.id,
          client_name: nameOf(found),
          client_secret: secret(found.id),
          application_type: 'web',
          redirect_uris: originsOf(found).map((origin) => `${origin}${CALLBACK_PATH}`),
          grant_types: ['authorization_code'],
          response_types: ['code'],
          scope: WEB_SCOPE,
          id_token_signed_response_alg: TOKEN_ALGORITHM,
          token_endpoint_auth_method: 'client_secret_basic',
          require_pushed_authorization_requests: true,
        }
      );
    },
  };
}

export const isWeb = ({ document }: PublishedService): boolean =>
  document.metadata.tags.service_app_type === 'WEB';

export const nameOf = ({ document: { metadata } }: PublishedService): string =>
  metadata.friendly_name ?? metadata.name;
