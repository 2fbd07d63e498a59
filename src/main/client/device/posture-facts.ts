// What this device says about itself when it registers: unsigned facts. Roles may decide by them, and then trust whoever
// registers (SECURITY.md).
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';

export async function serialNumber(platform: NodeJS.Platform = process.platform): Promise<string> {
  if (platform !== 'linux') return '';
  // Readable for root only on most distributions; an empty serial number is an honest answer.
  const text = await readFile('/sys/class/dmi/id/product_serial', 'utf8').catch(() => '');
  return text.trim().slice(0, 100);
}

export const suggestedDeviceName = (): string => hostname().split('.')[0]?.slice(0, 64) || 'device';
