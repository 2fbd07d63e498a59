// The claims of a TrustToken: person, device and organisation. See docs/protocol.md 4.
import { randomUUID } from 'node:crypto';
import type { AccountClaims, Configuration } from 'oidc-provider';
import { NAMESPACE } from '../../shared/protocol/trust-token.ts';
import type { DeviceRecord, UserRecord } from '../store/store.ts';

/** Scope → claims. What belongs to the device comes with `openid`: there is no TrustToken without it. */
export const CLAIMS = {
  openid: ['sub', 'jti', 'at_hash', 'device_id', 'serial_number', NAMESPACE],
  email: ['email', 'email_verified'],
  profile: ['name', 'preferred_username'],
  groups: ['groups'],
} satisfies Configuration['claims'];

export const trustTokenClaims = (
  user: UserRecord,
  device: DeviceRecord,
  facts: { sessionId: string; organisation: string; accessToken: string },
): AccountClaims => ({
  sub: user.id,
  // OpenID Connect Core 3.1.3.6: of what stands here the library puts the hash into the token.
  at_hash: facts.accessToken,
  jti: `${facts.sessionId}.${randomUUID()}`,
  email: user.email,
  email_verified: true,
  name: user.name,
  preferred_username: user.email,
  groups: user.groups,
  device_id: device.id,
  serial_number: device.serialNumber,
  [NAMESPACE]: {
    device_ownership: device.ownership,
    platform: device.platform,
    orgname: facts.organisation,
    is_staged_install: false,
    mdm_present: device.manager !== undefined,
  },
});
