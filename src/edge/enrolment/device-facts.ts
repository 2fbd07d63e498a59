// The unsigned facts of a registering device: header `Banyan-Device`. See docs/protocol.md 3.
import { type Deployment, OWNERSHIPS } from '../../shared/model/device.ts';
import { z } from '../../shared/schema.ts';

/** Names of platforms as roles use them. */
const PLATFORMS = new Map([
  ['linux', 'Linux'],
  ['darwin', 'macOS'],
  ['macos', 'macOS'],
  ['win32', 'Windows'],
  ['windows', 'Windows'],
]);

/** Half a character (a lone surrogate) has no UTF-8: what is stored would not be what was sent. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const text = (longest: number) =>
  z
    .string()
    .max(longest)
    .refine((given) => !LONE_SURROGATE.test(given), 'half a character');

/** What the file of an administrator's tool says, as the device tells it: anybody who registers could. */
const deployment = z
  .object({
    mdm_present: z.boolean(),
    mdm_vendor_name: text(200),
    mdm_vendor_udid: text(200),
    mdm_deploy_user: text(200),
    mdm_deploy_email: text(200),
  })
  .partial()
  .transform((claim): Deployment => ({
    ...(claim.mdm_present !== undefined && { isManaged: claim.mdm_present }),
    ...(claim.mdm_vendor_name && { vendor: claim.mdm_vendor_name }),
    ...(claim.mdm_vendor_udid && { vendorId: claim.mdm_vendor_udid }),
    ...(claim.mdm_deploy_user && { user: claim.mdm_deploy_user }),
    ...(claim.mdm_deploy_email && { email: claim.mdm_deploy_email }),
  }));

const facts = z.object({
  name: text(64).trim().min(1),
  ownership: z.enum(OWNERSHIPS),
  platform: text(40).transform((platform) => PLATFORMS.get(platform.toLowerCase()) ?? platform),
  serial_number: text(100).default(''),
  deployment: deployment.optional(),
});
export type DeviceFactsHeader = z.output<typeof facts>;

export function readDeviceFacts(header: string | string[] | undefined): DeviceFactsHeader | null {
  if (typeof header !== 'string') return null;
  try {
    return facts.safeParse(JSON.parse(header)).data ?? null;
  } catch {
    return null; // not JSON: 400, like facts that do not fit
  }
}
