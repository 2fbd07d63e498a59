// The fuzzer for two seconds with a fixed seed: `npm run fuzz` is for longer runs.
import { expect, it } from 'vitest';
import { fuzz } from '../fuzz/fuzz.ts';
import { TARGETS } from '../fuzz/targets.ts';

it('finds nothing in the parsers of what sockets bring', async () => {
  const { finding } = await fuzz(TARGETS, { seed: 1, seconds: 2 });
  expect(finding).toBeNull();
}, 30_000);

it('finds the shortest input that fails', async () => {
  const check = (bytes: Buffer) => {
    if (bytes.includes('\n') && bytes.includes('CONNECT')) throw new Error('planted');
  };
  const { finding } = await fuzz([{ name: 'request', check }], { seed: 1, seconds: 2 });
  expect(finding).toMatchObject({ target: 'request', error: { message: 'planted' } });
  expect(finding?.bytes.length).toBe('CONNECT\n'.length);
}, 30_000);
