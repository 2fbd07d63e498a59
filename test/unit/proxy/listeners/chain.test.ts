import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { routeChain } from '../../../../src/proxy/listeners/chain.ts';
import { aTunnelSpec, streamPair } from '../../../support/local-program.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it.each([
  ['nothing', []],
  ['half a head', [Buffer.from('CONNECT a:1 HT')]],
  ['half a greeting', [Buffer.from([5, 9, 1])]],
  ['a greeting alone', [Buffer.from([5, 1, 0])]],
  ['a byte every ten seconds', Array.from('CONNECT', (char) => Buffer.from(char))],
])('closes a connection on which %s came within 30 s', async (_what, pieces) => {
  const [program, near] = streamPair();
  const open = vi.fn();
  const routing = routeChain(near, { spec: aTunnelSpec(), listening: null, open });
  for (const piece of pieces) {
    program.write(piece);
    await vi.advanceTimersByTimeAsync(10_000);
  }
  await vi.advanceTimersByTimeAsync(Math.max(0, 31_000 - pieces.length * 10_000));
  expect(near.destroyed).toBe(true);
  expect(await routing).toBeNull();
  expect(open).not.toHaveBeenCalled();
});

it('answers at once when the program had gone before it was asked', async () => {
  const [, near] = streamPair();
  near.destroy();
  const parts = { spec: aTunnelSpec(), listening: null, open: vi.fn() };
  expect(await routeChain(near, parts)).toBeNull();
});
