// The unsigned facts of a registering device: header `Banyan-Device`. See docs/protocol.md 3.
import { OWNERSHIPS } from '../../shared/model/device.ts';
import { z } from '../../shared/schema.ts';

/** Names of platforms as roles use them. */
const PLATFORMS: Record<string, string> = {
  linux: 'Linux',
  darwin: 'macOS',
  macos: 'macOS',
  win32: 'Windows',
  windows: 'Windows',
};

const facts = z.object({
  name: z.string().trim().min(1).max(64),
  ownership: z.enum(OWNERSHIPS),
  platform: z
    .string()
    .max(40)
    .transform((platform) => PLATFORMS[platform.toLowerCase()] ?? platform),
  serial_number: z.string().max(100).default(''),
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
