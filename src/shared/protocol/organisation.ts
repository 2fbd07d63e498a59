// The organisation document: `GET https://<organisation>/.well-known/banyan-app.json`. See docs/protocol.md 1.
import { z } from '../schema.ts';
import { httpsUrl, label, sha256 } from './text.ts';

export const ORGANISATION_DOCUMENT_PATH = '/.well-known/banyan-app.json';

/** RFC 7030 4.1: where the root is fetched before anything is trusted, then checked against the invite's fingerprint. */
export const CA_CERTIFICATES_PATH = '/.well-known/est/cacerts';

/** Plain http is accepted only for a loopback IP literal: the demo's browser pages then show no certificate warning. */
const loopbackOrigin = z.string().regex(/^http:\/\/(?:127\.0\.0\.1|\[::1\]):\d{1,5}$/);

export const organisationDocument = z.object({
  version: z.literal(1),
  name: label.min(1),
  /** OpenID Connect issuer; its discovery names `mtls_endpoint_aliases` (RFC 8705 5). */
  issuer: httpsUrl,
  /** EST bases (RFC 7030), operation names are appended: `<base>/simpleenroll`. */
  est: z.object({
    /** Device registration; HTTP Basic with the invite code, no client certificate. */
    device: httpsUrl,
    /** `simplereenroll` of the DeviceCert, over mutual TLS with it. */
    device_renewal: httpsUrl,
    /** TrustToken to TrustCert, over mutual TLS with the DeviceCert. */
    trustcert: httpsUrl,
  }),
  /** REST base of the catalogue and events, over mutual TLS with the DeviceCert. */
  command_center: httpsUrl,
  /** SSH certificates for people: where, over mutual TLS with the DeviceCert, and whose. */
  ssh: z
    .object({
      certificate: httpsUrl,
      ca: z.string().regex(/^ssh-ed25519 [A-Za-z0-9+/]{60,100}={0,2}$/),
    })
    .optional(),
  /** For third-party issuers without a client per device. */
  client_id: label.optional(),
  /** Of such an issuer: what its tokens have to be for, where that is not the client. */
  audience: label.optional(),
  minimum_app_version: z
    .string()
    .regex(/^\d+\.\d+\.\d+$/)
    .optional(),
  browser_origin: loopbackOrigin.optional(),
  /** Where devices may be registered by signing in: the public client for it, and the fingerprint of the root. */
  registration: z.object({ client_id: label.min(1), root: sha256 }).optional(),
});
export type OrganisationDocument = z.output<typeof organisationDocument>;
