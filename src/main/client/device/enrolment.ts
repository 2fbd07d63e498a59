// The DeviceCert: asking for it with an invite or a sign-in, renewing it with itself. See docs/protocol.md 3.
import { AppError } from '../../../shared/errors.ts';
import type { Deployment, Ownership } from '../../../shared/model/device.ts';
import { deviceIdOf } from '../../../shared/protocol/subject-alternative-names.ts';
import type { Connection } from '../organisation/connection.ts';
import {
  asciiJson,
  enrol,
  type IssuedCertificate,
  proveKeyIsWelcome,
} from '../organisation/est.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import type { ProvedOrganisation } from '../organisation/first-trust.ts';
import { deviceRefused, readRefusal } from '../organisation/refusals.ts';
import type { Membership } from './membership.ts';
import { serialNumber } from './posture-facts.ts';

export interface DeviceCertificate {
  /** PEM. */
  key: string;
  certificate: string;
  deviceId: string;
  /** Milliseconds since the epoch. */
  issuedAt: number;
  expiresAt: number;
}

/** The right to register one device: the code of an invite, or the token of somebody who has signed in for it. */
export type Permit = { code: string } | { token: string };

export async function requestDeviceCertificate(
  connection: Connection,
  { document, root }: Pick<ProvedOrganisation, 'document' | 'root'>,
  permit: Permit,
  facts: { name: string; ownership: Ownership; deployment?: Deployment | undefined },
  now: number,
): Promise<DeviceCertificate> {
  const { name, ownership, deployment } = facts;
  const serial_number = await serialNumber();
  await proveKeyIsWelcome(connection, document.est.device);
  const issued = await enrol({
    connection,
    base: document.est.device,
    operation: 'simpleenroll',
    headers: {
      authorization: authorizationOf(permit),
      'banyan-device': asciiJson({
        name,
        ownership,
        platform: process.platform,
        serial_number,
        ...(deployment && { deployment: deploymentClaim(deployment) }),
      }),
    },
    root,
    refused: ({ status }) => (status === 401 ? permitRefused(document.name, permit) : null),
  });
  return read(issued, document.est.device, now);
}

/** Names of the wire: docs/protocol.md 3. */
const deploymentClaim = ({ isManaged, vendor, vendorId, user, email }: Deployment) => ({
  mdm_present: isManaged,
  mdm_vendor_name: vendor,
  mdm_vendor_udid: vendorId,
  mdm_deploy_user: user,
  mdm_deploy_email: email,
});

const authorizationOf = (permit: Permit): string =>
  'token' in permit
    ? `Bearer ${permit.token}`
    : `Basic ${Buffer.from(`invite:${permit.code}`).toString('base64')}`;

const permitRefused = (organisation: string, permit: Permit): AppError =>
  'token' in permit
    ? new AppError(
        'device/registration-refused',
        `${organisation} refused to register this device: the sign-in was used before, or is too old.`,
      )
    : new AppError(
        'device/invite-refused',
        `${organisation} refused the invite: its code is wrong, used or expired.`,
      );

export async function renewDeviceCertificate(
  membership: Membership,
  now: number,
): Promise<DeviceCertificate> {
  const { connection, document, root, deviceId } = membership;
  const issued = await enrol({
    connection,
    base: document.est.device_renewal,
    operation: 'simplereenroll',
    root,
    refused: (answer) => {
      const refusal = readRefusal(answer);
      return refusal && deviceRefused(document.name, refusal);
    },
  });
  const renewed = read(issued, document.est.device_renewal, now);
  if (renewed.deviceId === deviceId) return renewed;
  throw invalidAnswer(new URL(document.est.device_renewal).host, 'it names another device');
}

function read(
  { key, certificate, uris, expiresAt }: IssuedCertificate,
  url: string,
  issuedAt: number,
): DeviceCertificate {
  const deviceId = deviceIdOf(uris);
  if (!deviceId) throw invalidAnswer(new URL(url).host, 'the certificate names no device');
  return { key, certificate, deviceId, issuedAt, expiresAt };
}
