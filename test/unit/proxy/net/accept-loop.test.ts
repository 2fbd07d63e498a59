import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { type AcceptLoop, acceptLoop } from '../../../../src/proxy/net/accept-loop.ts';
import { until } from '../../../support/until.ts';

interface Served {
  socket: Socket;
  end: () => void;
  wasCut: boolean;
}

/** Two are served, two wait. */
async function aLoop() {
  const served: Served[] = [];
  let turnedAway = 0;
  const loop = await acceptLoop({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 2,
    maxWaiting: 2,
    serve(socket) {
      const each: Served = { socket, end: () => socket.destroy(), wasCut: false };
      served.push(each);
      const done = new Promise<void>((resolve) => {
        socket.on('close', () => resolve());
        if (socket.closed) resolve();
      });
      return {
        done,
        cut() {
          each.wasCut = true;
          socket.destroy();
        },
      };
    },
    onTurnedAway: () => (turnedAway += 1),
    onFailure: () => {},
  });
  onTestFinished(() => loop.close(0));
  return { loop, served, turnedAway: () => turnedAway };
}

async function client({ host, port }: AcceptLoop): Promise<{ socket: Socket; seen: string[] }> {
  const socket = connect(port, host);
  const seen: string[] = [];
  socket.on('error', (error: NodeJS.ErrnoException) => seen.push(error.code ?? ''));
  socket.on('close', () => seen.push('close')).resume();
  onTestFinished(() => void socket.destroy());
  await new Promise((resolve) => socket.on('connect', resolve).on('close', resolve));
  return { socket, seen };
}

it('serves so many, lets so many wait, and resets the rest', async () => {
  const { loop, served, turnedAway } = await aLoop();
  for (let nth = 0; nth < 4; nth += 1) await client(loop);
  const last = await client(loop);
  await until(async () => last.seen.includes('close'));
  expect(last.seen).toEqual(['ECONNRESET', 'close']);
  expect(turnedAway()).toBe(1);
  expect(served).toHaveLength(2);
});

it('serves those who wait in their order, and what they have sent meanwhile is not lost', async () => {
  const { loop, served } = await aLoop();
  await client(loop);
  await client(loop);
  for (const text of ['third', 'fourth']) (await client(loop)).socket.write(text);
  await until(async () => served.length === 2);
  for (const [nth, text] of ['third', 'fourth'].entries()) {
    served[nth]?.end();
    await until(async () => served.length === 3 + nth);
    const [chunk] = (await once(served[2 + nth]?.socket as Socket, 'data')) as [Buffer];
    expect(String(chunk)).toBe(text);
  }
});

it('gives no slot to one who has gone while it waited', async () => {
  const { loop, served } = await aLoop();
  await client(loop);
  await client(loop);
  const gone = await client(loop);
  const next = await client(loop);
  gone.socket.resetAndDestroy();
  next.socket.write('next');
  await once(gone.socket, 'close');
  await until(async () => served.length === 2);
  served[0]?.end();
  await until(async () => served.length === 3);
  const [chunk] = (await once(served[2]?.socket as Socket, 'data')) as [Buffer];
  expect(String(chunk)).toBe('next');
});

it('drains: nobody new, the waiting are reset, the running may finish', async () => {
  const { loop, served } = await aLoop();
  await client(loop);
  await client(loop);
  const waiting = await client(loop);
  await until(async () => served.length === 2);
  const closed = loop.close(60_000);
  await until(async () => waiting.seen.includes('close'));
  expect(waiting.seen).toEqual(['ECONNRESET', 'close']);
  const late = connect(loop.port, loop.host);
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  expect(served.map(({ wasCut }) => wasCut)).toEqual([false, false]);
  for (const { end } of served) end();
  await closed;
  expect(served).toHaveLength(2);
});

it('cuts at the deadline what has not finished', async () => {
  const { loop, served } = await aLoop();
  await client(loop);
  await until(async () => served.length === 1);
  await loop.close(20);
  expect(served.map(({ wasCut }) => wasCut)).toEqual([true]);
});
