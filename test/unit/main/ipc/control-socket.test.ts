import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectControlSocket } from '../../../../src/main/ipc/control-client.ts';
import { bindControlSocket, type Controlled } from '../../../../src/main/ipc/control-server.ts';
import type { Handlers, SignalListener } from '../../../../src/shared/ipc/contract.ts';
import { recordingLog } from '../../../fakes/recording-log.ts';
import { tempDir } from '../../../support/temp-dir.ts';

function places() {
  const home = tempDir();
  const folder = path.join(home, 'run');
  mkdirSync(folder, { mode: 0o700 });
  return { home, folder, socket: path.join(folder, 'b.sock') };
}

function aClient(): Controlled & { emit: SignalListener; asked: string[] } {
  const listeners = new Set<SignalListener>();
  const asked: string[] = [];
  const handlers = {
    'app.quit': () => Promise.resolve(),
    'tunnel.close': ({ service }: { service: string }) => {
      asked.push(service);
      return Promise.resolve();
    },
  } as unknown as Handlers;
  return {
    handlers,
    asked,
    emit: (name, payload) => {
      for (const listener of listeners) listener(name, payload);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

async function running() {
  const { home, socket } = places();
  const server = await bindControlSocket(home, recordingLog(), socket);
  onTestFinished(() => server.stop());
  const client = aClient();
  server.serve(client);
  return { home, socket, server, client };
}

/** Says a line, then returns all that came back until the other end closed. */
async function say(socketPath: string, line: string): Promise<string> {
  const socket = connect(socketPath);
  let heard = '';
  socket.on('data', (chunk) => (heard += String(chunk)));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`${line}\n`);
  await once(socket, 'close');
  return heard;
}

describe('the control socket', () => {
  it('carries calls, errors with their codes, and signals', async () => {
    const { home, socket, client } = await running();
    const api = await connectControlSocket(home, socket);
    await api.call('tunnel.close', { service: 'echo' });
    expect(client.asked).toEqual(['echo']);
    await expect(api.call('tunnel.close', { service: '' })).rejects.toMatchObject({
      code: 'usage/invalid-input',
    });
    const signalled = new Promise((resolve) => {
      api.subscribe((name, { revision }) => resolve([name, revision]));
    });
    client.emit('session.changed', { revision: 7, value: { status: 'signed-out' } });
    expect(await signalled).toEqual(['session.changed', 7]);
    api.close();
  });

  it('keeps callers waiting until the client has started', async () => {
    const { home, socket } = places();
    const server = await bindControlSocket(home, recordingLog(), socket);
    onTestFinished(() => server.stop());
    const api = await connectControlSocket(home, socket);
    const client = aClient();
    const answered = api.call('tunnel.close', { service: 'early' });
    server.serve(client);
    await answered;
    expect(client.asked).toEqual(['early']);
    api.close();
  });

  it('answers nothing to a caller with a wrong proof', async () => {
    const { socket, client } = await running();
    const proof = { nonce: '0'.repeat(64), proof: '0'.repeat(64) };
    const heard = await say(socket, JSON.stringify(proof));
    expect(heard).toMatch(/^\{"nonce":"[0-9a-f]{64}"\}\n$/);
    expect(client.asked).toEqual([]);
  });

  it('answers nothing to a call before the proof, nor to an endless line', async () => {
    const { socket, client } = await running();
    await say(socket, '{"id":1,"call":"tunnel.close","input":{"service":"echo"}}');
    await say(socket, 'x'.repeat(100_000));
    expect(client.asked).toEqual([]);
  });

  it('tells a squatter nothing', async () => {
    const { home, socket } = places();
    writeFileSync(path.join(home, 'control.key'), 'a'.repeat(64), { mode: 0o600 });
    const heard: string[] = [];
    const squatter = createServer((caller: Socket) => {
      caller.on('error', () => {});
      caller.write(`{"nonce":"${'0'.repeat(64)}"}\n`);
      caller.on('data', (chunk) => {
        heard.push(String(chunk));
        caller.write(`{"proof":"${'0'.repeat(64)}"}\n`);
      });
    }).listen(socket);
    onTestFinished(() => void squatter.close());
    await once(squatter, 'listening');
    await expect(connectControlSocket(home, socket)).rejects.toMatchObject({
      code: 'client/control-refused',
    });
    // A nonce and a proof, which are of no use for anything else.
    expect(heard.join('')).toMatch(/^\{"nonce":"[0-9a-f]{64}","proof":"[0-9a-f]{64}"\}\n$/);
  });

  it('answers a caller of ours whose call has no usable name, and goes on', async () => {
    const { home, socket, client } = await running();
    const api = await connectControlSocket(home, socket);
    const nameless = { toString: null } as unknown as 'app.quit';
    await expect(api.call(nameless, {})).rejects.toMatchObject({ code: 'usage/invalid-input' });
    await api.call('tunnel.close', { service: 'echo' });
    expect(client.asked).toEqual(['echo']);
    api.close();
  });

  it('is not there when nothing runs', async () => {
    const { home, socket } = places();
    await expect(connectControlSocket(home, socket)).rejects.toMatchObject({
      code: 'client/not-running',
    });
  });

  it('is given to one client only', async () => {
    const { home, socket } = await running();
    await expect(bindControlSocket(home, recordingLog(), socket)).rejects.toMatchObject({
      code: 'client/already-running',
    });
  });

  it('is taken over from a killed client, by exactly one of several that start at once', async () => {
    const { home, socket } = places();
    const script = `require('net').createServer().listen(${JSON.stringify(socket)}, () => console.log('up'))`;
    const killed = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(killed.stdout, 'data');
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    expect(existsSync(socket)).toBe(true);

    const starts = Array.from({ length: 6 }, () => bindControlSocket(home, recordingLog(), socket));
    const results = await Promise.allSettled(starts);
    const winners = results.flatMap((result) =>
      result.status === 'fulfilled' ? result.value : [],
    );
    for (const server of winners) onTestFinished(() => server.stop());
    expect(winners).toHaveLength(1);
    winners[0]!.serve(aClient());
    (await connectControlSocket(home, socket)).close();
  });

  it('is not opened in a folder that others may write to', async () => {
    const { home, folder, socket } = places();
    chmodSync(folder, 0o777);
    await expect(bindControlSocket(home, recordingLog(), socket)).rejects.toMatchObject({
      code: 'client/control-refused',
    });
  });
});
