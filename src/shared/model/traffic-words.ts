// What a tunnel has carried, as people read it: in the window and in the terminal alike.
import type { Traffic } from './tunnel.ts';

const UNITS = ['kB', 'MB', 'GB', 'TB'] as const;

/** Decimal, as file managers and network meters count: `999 B`, `1.2 kB`, `34 MB`. */
export function byteWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  let value = bytes;
  let unit = 'B';
  for (const next of UNITS) {
    if (value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

export const trafficWords = ({ connections, bytesSent, bytesReceived }: Traffic): string =>
  `${connectionWords(connections)}, ${byteWords(bytesSent)} sent, ${byteWords(bytesReceived)} received`;

/** Those of now: what was carried may be that of earlier ones. */
function connectionWords(connections: number): string {
  if (connections === 0) return 'no connection now';
  return `${connections} ${connections === 1 ? 'connection' : 'connections'}`;
}
