import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ERROR, FRAME, frame } from '../../../../src/proxy/http2/frames.ts';
import { relay } from '../../../../src/proxy/net/relay.ts';
import { data, number, scriptedPeer, settings, yes } from '../../../support/http2-peer.ts';

const MIB = 1024 * 1024;
const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

/** Two ends of one TCP connection, both half-open capable. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = await accepted;
  near.on('error', () => {});
  far.on('error', () => {});
  cleanUps.push(() => (near.destroy(), far.destroy(), server.close()));
  return [near, far];
}

async function relayed(options = {}) {
  const [client, near] = await socketPair();
  const [far, backend] = await socketPair();
  return { client, backend, done: relay(near, far, options) };
}

/** Not `for await`: that destroys the socket at the end of reading, and with it the other direction. */
async function readAll(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'end');
  return Buffer.concat(chunks);
}

/** A program that does not read, and our end of its connection with an HTTP/2 tunnel behind it. */
async function aTunnelThatIsNotRead() {
  const [program, near] = await socketPair();
  program.pause();
  const peer = scriptedPeer({ streamWindow: 64 * MIB, connectionWindow: 128 * MIB });
  const far = peer.connection.open('host.lab:22', () => {});
  far.on('error', () => {});
  peer.say(settings, yes(1));
  return { program, near, peer, done: relay(near, far) };
}

describe('relay', () => {
  it('lets a program read to its end what an HTTP/2 server has said that wants to hear no more', async () => {
    const { program, near, peer, done } = await aTunnelThatIsNotRead();
    let sent = 0;
    // The system takes no more, and yet it is too little to pause for.
    while (near.writableLength === 0) {
      peer.say(data(1, Buffer.alloc(4_096)));
      sent += 4_096;
      await new Promise(setImmediate);
    }
    expect(near.writableNeedDrain).toBe(false);
    peer.say(data(1, '', true), frame(FRAME.rstStream, 0, 1, number(ERROR.none)));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readAll(program.resume())).toHaveLength(sent);
    program.write('still here');
    program.resume();
    expect(await done).toMatchObject({ bytesFarToNear: sent });
  });

  it('carries what the server sends after the client has ended its side', async () => {
    const { client, backend, done } = await relayed();
    client.end('question');
    expect((await readAll(backend)).toString()).toBe('question');
    await new Promise((resolve) => setTimeout(resolve, 50));
    backend.end('late answer');
    expect((await readAll(client)).toString()).toBe('late answer');
    expect(await done).toMatchObject({ bytesNearToFar: 8, bytesFarToNear: 11, ended: 'finished' });
  });

  it('delivers every byte of a large transfer in order', async () => {
    const { client, backend, done } = await relayed();
    const sent = Buffer.alloc(8 * 1024 * 1024, 'abcdefghijklmnopqrstuvwxyz0123456789');
    client.end(sent);
    const received = await readAll(backend);
    backend.end();
    client.resume();
    expect(received.equals(sent)).toBe(true);
    expect((await done).bytesNearToFar).toBe(sent.length);
  });

  it('stops reading from a sender whose receiver does not read', async () => {
    const { client, backend } = await relayed();
    backend.pause();
    let accepted = 0;
    const chunk = Buffer.alloc(256 * 1024);
    const deadline = Date.now() + 1_500;
    while (Date.now() < deadline && accepted < 64 * 1024 * 1024) {
      client.write(chunk);
      accepted += chunk.length;
      if (client.writableLength > 8 * 1024 * 1024) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // What the kernel and one buffer per hop take is far below 64 MiB; the rest waits at the sender.
    expect(client.writableLength).toBeGreaterThan(8 * 1024 * 1024);
  });

  it('resets the other side when one side closes abruptly', async () => {
    const { client, backend, done } = await relayed();
    client.write('x');
    await once(backend, 'data');
    client.resetAndDestroy();
    const [error] = (await once(backend, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNRESET');
    expect((await done).ended).toBe('reset');
  });

  it('cuts a connection that has been idle for too long', async () => {
    const { client, done } = await relayed({ idleMs: 60 });
    client.resume();
    expect((await done).ended).toBe('idle');
  });

  it('cuts a half-closed peer that never finishes, and one that lives for too long though it moves data', async () => {
    const half = await relayed({ idleMs: 60 });
    half.client.resume().end('x');
    half.backend.resume();
    const long = await relayed({ idleMs: 60_000, lifetimeMs: 100 });
    long.client.resume();
    long.backend.pipe(long.backend);
    const moving = setInterval(() => long.client.write('x'), 10);
    cleanUps.push(() => clearInterval(moving));
    expect((await half.done).ended).toBe('idle');
    expect((await long.done).ended).toBe('lifetime');
  });

  it('passes on an end that came while the other side was still being dialled', async () => {
    const [client, near] = await socketPair();
    client.end();
    near.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const [far, backend] = await socketPair();
    const done = relay(near, far);
    expect((await readAll(backend)).length).toBe(0);
    backend.end();
    client.resume();
    expect((await done).ended).toBe('finished');
  });

  it('ends when one side had died before the relay began', async () => {
    const [, near] = await socketPair();
    const [far] = await socketPair();
    near.destroy();
    await once(near, 'close');
    expect((await relay(near, far)).ended).toBe('reset');
    expect(far.destroyed).toBe(true);
  });
});
