// CHAIN mode: the local port is a proxy for a collection, and the first byte says which kind the program takes it for.
import type { Duplex } from 'node:stream';
import { readStart, StartError } from '../net/read-start.ts';
import { answerHttp, endWith } from './answers.ts';
import { routeHttp } from './http-proxy.ts';
import type { Route } from './route.ts';
import { routeSocks5 } from './socks5.ts';

/** For the whole request, however slowly it comes. */
const REQUEST_DEADLINE_MS = 30_000;

const SOCKS4 = 0x04;
const SOCKS5 = 0x05;
/** "Request rejected or failed", in SOCKS 4's own words. */
const SOCKS4_REJECTED = Buffer.from([0, 0x5b, 0, 0, 0, 0, 0, 0]);

export const routeChain: Route = async (near, parts) => {
  const until = performance.now() + REQUEST_DEADLINE_MS;
  const first = await firstByte(near);
  const leftMs = until - performance.now();
  if (first === null) near.destroy();
  else if (first === SOCKS5) return routeSocks5(near, parts, leftMs);
  else if (first === SOCKS4) await endWith(near, SOCKS4_REJECTED);
  else if (first >= 0x21 && first <= 0x7e) return routeHttp(near, parts, leftMs);
  else {
    await answerHttp(near, {
      status: '400 Bad Request',
      text: 'This port is a proxy (HTTP without TLS, and SOCKS5) of Banyan.',
    });
  }
  return null;
};

/** It stays in the stream. null: there will be none. */
async function firstByte(near: Duplex): Promise<number | null> {
  let first: number | null = null;
  try {
    await readStart(near, REQUEST_DEADLINE_MS, ([byte]) => {
      first = byte ?? null;
      return first === null ? null : 0;
    });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
  }
  return first;
}
