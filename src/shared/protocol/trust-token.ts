// Claims of the TrustToken (an OpenID Connect ID token). See docs/protocol.md 4.
import { z } from '../schema.ts';
import { label } from './text.ts';

export const NAMESPACE = 'https://banyansecurity.io';

export const trustTokenClaims = z.object({
  iss: z.string(),
  /** The device id: a token for the app. A web service's token names the service here. */
  aud: z.string(),
  sub: label,
  exp: z.number(),
  iat: z.number(),
  jti: label.optional(),
  email: label.default(''),
  name: label.default(''),
  groups: z.array(label).max(1000).default([]),
  device_id: label,
  serial_number: label.default(''),
  [NAMESPACE]: z
    .object({
      device_ownership: label.optional(),
      platform: label.optional(),
      orgname: label.optional(),
    })
    .optional(),
});
export type TrustTokenClaims = z.output<typeof trustTokenClaims>;
