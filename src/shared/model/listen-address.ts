// Where a local port may listen: addresses that only this computer can reach. The same rule while typing, in the client
// and in the engine, because at any other address the whole network could use a service with this person's rights.

/** Every computer has it. */
export const USUAL_HOST = '127.0.0.1';

export type AddressProblem = 'empty' | 'form' | 'not-loopback';

/** An IPv4 address of 127.0.0.0/8 in the usual spelling, or `::1`; brackets around it are taken off. */
export function readListenAddress(typed: string): { host: string } | { problem: AddressProblem } {
  const text = typed.trim().replace(/^\[(.*)\]$/, '$1');
  if (text === '') return { problem: 'empty' };
  if (text === '::1') return { host: text };
  if (/^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text)) return { problem: 'not-loopback' };
  const parts = text.split('.');
  // Without leading zeros: some programs would read them as octal, and mean another address.
  const isIpv4 =
    parts.length === 4 &&
    parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  if (!isIpv4) return { problem: 'form' };
  return parts[0] === '127' ? { host: text } : { problem: 'not-loopback' };
}

export const isLoopbackAddress = (host: string): boolean => {
  const read = readListenAddress(host);
  return 'host' in read && read.host === host;
};
