// What the C library has given out in this process and not got back: Node tells of its own heap only, and the resident size also of what
// the allocator keeps for later.
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

const FIELDS = [
  'arena',
  'ordblks',
  'smblks',
  'hblks',
  'hblkhd',
  'usmblks',
  'fsmblks',
  'uordblks',
  'fordblks',
  'keepcost',
];

/** null: this is no glibc of 2.33 or later, or there is no koffi. */
export function nativeMemory(): (() => number) | null {
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    const struct = koffi.struct(Object.fromEntries(FIELDS.map((name) => [name, 'size_t'])));
    const ask = koffi.load('libc.so.6').func('mallinfo2', struct, []) as () => {
      uordblks: number | bigint;
      hblkhd: number | bigint;
    };
    return () => Number(ask().uordblks) + Number(ask().hblkhd);
  } catch {
    return null; // the one who asks says so, and skips
  }
}
