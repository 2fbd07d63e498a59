// The DeviceCert: asking for it with an invite, renewing it with itself. See docs/protocol.md 3.
import { AppError } from '../../../shared/errors.ts';
import type { Ownership } from '../../../shared/model/device.ts';
import { deviceIdOf } from '../../../shared/protocol/subject-alternative-names.ts';
import { urisOf } from '../organisation/certificates.ts';
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

export async function requestDeviceCertificate(
  connection: Connection,
  { document, root }: Pick<ProvedOrganisation, 'document' | 'root'>,
  code: string,
  facts: { name: string; ownership: Ownership },
  now: number,
): Promise<DeviceCertificate> {
  const basic = Buffer.from(`invite:${code}`).toString('base64');
  const serial_number = await serialNumber();
  await proveKeyIsWelcome(connection, document.est.device);
  const issued = await enrol({
    connection,
    base: document.est.device,
    operation: 'simpleenroll',
    headers: {
      authorization: `Basic ${basic}`,
      'banyan-device': asciiJson({ ...facts, platform: process.platform, serial_number }),
    },
    root,
    refused: ({ status }) =>
      status === 401
        ? new AppError(
            'device/invite-refused',
            `${document.name} refused the invite: its code is wrong, used or expired.`,
          )
        : null,
  });
  return read(issued, document.est.device, now);
}

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
  const renewed = await read(issued, document.est.device_renewal, now);
  if (renewed.deviceId === deviceId) return renewed;
  throw invalidAnswer(new URL(document.est.device_renewal).host, 'it names another device');
}

async function read(
  issued: IssuedCertificate,
  url: string,
  issuedAt: number,
): Promise<DeviceCertificate> {
  const deviceId = deviceIdOf(await urisOf(issued.leaf));
  if (!deviceId) throw invalidAnswer(new URL(url).host, 'the certificate names no device');
  return {
    key: issued.key,
    certificate: issued.certificate,
    deviceId,
    issuedAt,
    expiresAt: Date.parse(issued.leaf.validTo),
  };
}
