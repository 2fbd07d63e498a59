// When a certificate is ordered, and when again: well before its end, and after failures ever more rarely, since
// directories stop answering who hammers them.
import { X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { AcmeCertificateRecord, AcmeWish } from '../store/store.ts';

export interface Pace {
  /** After the first failure; each further one doubles it. */
  retryMs: number;
  longestRetryMs: number;
  /** Between two that were issued, whatever their dates say: our clock may be wrong. */
  leastMs: number;
}

const HOUR = 3_600_000;
export const PACE: Pace = { retryMs: HOUR / 4, longestRetryMs: 24 * HOUR, leastMs: HOUR };
const LONGEST_WAIT_MS = 7 * 24 * HOUR;
/** Edges that were started together shall not come back together. */
const JITTER = 0.25;

/** Past: now. Names or a directory that were never tried are tried at once. */
export function nextOrderAt(
  { issued, ordered, failed }: AcmeCertificateRecord,
  wish: AcmeWish,
  pace: Pace,
): number {
  return Math.max(
    ordered?.until ?? 0,
    failed && isFor(failed, wish) ? failed.until : 0,
    issued && isFor(issued, wish) ? Math.max(renewAt(issued.cert), issued.at + pace.leastMs) : 0,
  );
}

/** `directoryMs`: for how long the directory wants nothing more. */
export function retryAfter(times: number, pace: Pace, directoryMs: number): number {
  const wait = Math.min(pace.retryMs * 2 ** (times - 1), pace.longestRetryMs);
  const spread = 1 + (Math.random() * 2 - 1) * JITTER;
  return Math.max(wait * spread, Math.min(directoryMs, LONGEST_WAIT_MS));
}

/** A third of its life is left then. */
function renewAt(cert: string): number {
  const { validFrom, validTo } = new X509Certificate(cert);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return from + ((to - from) * 2) / 3;
}

export const isFor = ({ names, directory }: AcmeWish, wish: AcmeWish): boolean =>
  directory === wish.directory && isDeepStrictEqual(names, wish.names);
