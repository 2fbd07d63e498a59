import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, expect, it, vi } from 'vitest';
import { Coalescer } from '../../../../src/proxy/net/coalescer.ts';

const MIB = 1024 * 1024;
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** A local program, and our end of its connection, which takes no more. */
async function aFullSocket(): Promise<{ program: Socket; near: Socket; filled: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const program = connect({ port, host: '127.0.0.1' }).pause();
  const [near] = await accepted;
  cleanUps.push(() => (program.destroy(), near.destroy(), server.close()));
  let filled = 0;
  const block = Buffer.alloc(65_536, '.');
  for (let isReady = true; isReady; filled += block.length) isReady = near.write(block);
  return { program, near, filled };
}

it.each([true, false])(
  'little that comes while a local program does not read takes little, and arrives (more on its way: %s)',
  async (isMore) => {
    const { program, near, filled } = await aFullSocket();
    const writes = vi.spyOn(near, 'write');
    const coalescer = new Coalescer(near, new PassThrough());
    const pieces = Array.from({ length: 5_000 }, (_, nth) => String(nth % 10));
    const before = process.memoryUsage().arrayBuffers;
    for (const piece of pieces) {
      expect(coalescer.write(Buffer.from(piece), isMore)).toBe(false);
      await new Promise(setImmediate);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MIB);
    expect(writes.mock.calls.length).toBeLessThan(10);
    let text = '';
    program.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).resume();
    while (text.length < filled + pieces.length) await once(program, 'data');
    expect(text.slice(filled)).toBe(pieces.join(''));
  },
);
