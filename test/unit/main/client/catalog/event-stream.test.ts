import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readEvents } from '../../../../../src/main/client/catalog/event-stream.ts';

async function read(chunks: string[]) {
  const events = [];
  for await (const event of readEvents(Readable.from(chunks.map((chunk) => Buffer.from(chunk))))) {
    events.push(event);
  }
  return events;
}

describe('the event stream', () => {
  it('gives events whole, however they are cut', async () => {
    const text =
      ': hello\n\nevent: catalog.changed\ndata: {}\n\nevent: x\ndata: {"a":\ndata: "a ü"}\n\n';
    const whole = [
      { name: 'catalog.changed', data: '{}' },
      { name: 'x', data: '{"a":\n"a ü"}' },
    ];
    expect(await read([text])).toEqual(whole);
    expect(await read(text.split(''))).toEqual(whole);
  });

  it('does not give the beginning of an event that never ended', async () => {
    expect(await read(['event: x\ndata: 1\n'])).toEqual([]);
  });

  it('refuses an event without end', async () => {
    await expect(read([`data: ${'x'.repeat(100_000)}`])).rejects.toThrow('too long');
  });
});
