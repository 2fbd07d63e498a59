// Claims of an ID token of an issuer that is not ours (OpenID Connect Core 2): people, no devices.
import { z } from '../schema.ts';
import { label } from './text.ts';

export const foreignClaims = z.object({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string()).max(50)]),
  azp: z.string().optional(),
  sub: label.min(1),
  exp: z.number(),
  iat: z.number(),
  email: label.default(''),
  email_verified: z.boolean().optional(),
  name: label.default(''),
  groups: z.array(label).max(1000).default([]),
});
