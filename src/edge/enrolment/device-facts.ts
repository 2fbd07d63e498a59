// The unsigned facts of a registering device: header `Banyan-Device`. See docs/protocol.md 3.
import { OWNERSHIPS } from '../../shared/model/device.ts';
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

const facts = z.object({
  name: text(64).trim().min(1),
  ownership: z.enum(OWNERSHIPS),
  platform: text(40).transform((platform) => PLATFORMS.get(platform.toLowerCase()) ?? platform),
  serial_number: text(100).default(''),
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
