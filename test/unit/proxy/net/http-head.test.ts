import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readHead, readShortBody } from '../../../../src/proxy/net/http-head.ts';

describe('readHead', () => {
  it('puts back the bytes that came right behind the head', async () => {
    const stream = new PassThrough();
    stream.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nSSH-2.0-x');
    const head = await readHead(stream, 1_000);
    expect(head.startLine).toBe('CONNECT a:1 HTTP/1.1');
    expect(head.fields.get('host')).toBe('a:1');
    expect(String(stream.read())).toBe('SSH-2.0-x');
  });

  it('reads a head that arrives byte by byte', async () => {
    const stream = new PassThrough();
    const head = readHead(stream, 1_000);
    for (const byte of 'HTTP/1.1 200 OK\r\n\r\n') stream.write(byte);
    expect((await head).startLine).toBe('HTTP/1.1 200 OK');
  });

  it('refuses a head that never ends', async () => {
    const stream = new PassThrough();
    const head = readHead(stream, 1_000);
    stream.write('a'.repeat(17 * 1024));
    await expect(head).rejects.toMatchObject({ failure: 'too-long' });
  });

  it('gives up on a silent peer at the deadline', async () => {
    await expect(readHead(new PassThrough(), 30)).rejects.toMatchObject({ failure: 'timed-out' });
  });

  it('says when the peer ended before the head was whole', async () => {
    const stream = new PassThrough();
    const head = readHead(stream, 1_000);
    stream.end('CONNECT a:1');
    await expect(head).rejects.toMatchObject({ failure: 'ended' });
  });
});

describe('readShortBody', () => {
  it('reads no more than the announced length', async () => {
    const stream = new PassThrough();
    stream.write('HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nbodyrest');
    const head = await readHead(stream, 1_000);
    expect(await readShortBody(stream, head, { maxBytes: 100, deadlineMs: 500 })).toBe('body');
  });
});
