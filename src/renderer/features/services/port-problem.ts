// Reads a port and an address as a person types them.
import { readListenAddress } from '../../../shared/model/listen-address.ts';
import { portText } from '../../text/services.ts';

export type TypedPort = { port: number } | { problem: string };

export function readPort(text: string): TypedPort {
  const typed = text.trim();
  if (typed === '') return { problem: portText.empty };
  if (!/^\d+$/.test(typed)) return { problem: portText.notNumber };
  const port = Number(typed);
  return port >= 1 && port <= 65535 ? { port } : { problem: portText.outOfRange };
}

export function readAddress(text: string): { host: string } | { problem: string } {
  const read = readListenAddress(text);
  return 'host' in read ? read : { problem: portText.addressProblems[read.problem] };
}
