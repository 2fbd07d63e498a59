// The other people who use this computer, on real sockets and the kernel's own table.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLocalUsers } from '../../src/proxy/guard/local-users.ts';

const NOBODY = 65_534;
const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

const isOurs = (socket: Socket, uid = process.getuid?.() ?? 0) =>
  createLocalUsers({ platform: process.platform, uid }).isOurs(socket);

/** What a server at `host` accepts from whoever `dial` sends there. */
async function accepted(host: string, dial: (port: number) => unknown): Promise<Socket> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  cleanUps.push(() => server.close());
  const connection = once(server, 'connection');
  dial((server.address() as AddressInfo).port);
  const [socket] = (await connection) as [Socket];
  cleanUps.push(() => socket.destroy());
  return socket.on('error', () => {});
}

const dialFrom = (host: string) => (port: number) => {
  const socket = connect(port, host);
  cleanUps.push(() => socket.destroy());
};

/** A program of user "nobody" that connects and waits. */
const dialAsNobody = (port: number) => {
  const child = spawn(process.execPath, ['-e', `require('net').connect(${port}, '127.0.0.1')`], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    stdio: 'ignore',
  });
  cleanUps.push(() => child.kill());
};

describe.skipIf(!isLinux)('a local port (skipped where the system does not tell: no Linux)', () => {
  it.each(['127.0.0.1', '::1'])('knows our own program on %s', async (host) => {
    expect(await isOurs(await accepted(host, dialFrom(host)))).toBe(true);
  });

  it('knows our own program behind a mapped address', async () => {
    expect(await isOurs(await accepted('127.0.0.1', dialFrom('::ffff:127.0.0.1')))).toBe(true);
  });

  it('knows every one of a crowd', async () => {
    const users = createLocalUsers({ platform: 'linux', uid: process.getuid?.() ?? 0 });
    const sockets = await Promise.all(
      Array.from({ length: 50 }, () => accepted('127.0.0.1', dialFrom('127.0.0.1'))),
    );
    const answers = await Promise.all(sockets.map((socket) => users.isOurs(socket)));
    expect(new Set(answers)).toEqual(new Set([true]));
  });

  it('refuses a program that has gone', async () => {
    const socket = await accepted('127.0.0.1', (port) => {
      const gone = connect(port, '127.0.0.1', () => gone.resetAndDestroy());
    });
    await new Promise((resolve) => socket.resume().on('close', resolve));
    expect(await isOurs(socket)).toBe(false);
  });
});

describe.skipIf(!isLinux || !isRoot)(
  'a local port (skipped where no program can be started as another user: not root)',
  () => {
    it('refuses a program of somebody else', async () => {
      expect(await isOurs(await accepted('127.0.0.1', dialAsNobody))).toBe(false);
    });

    it('lets in a program of the person whose port it is, and of root', async () => {
      expect(await isOurs(await accepted('127.0.0.1', dialAsNobody), NOBODY)).toBe(true);
      expect(await isOurs(await accepted('127.0.0.1', dialFrom('127.0.0.1')), NOBODY)).toBe(true);
    });
  },
);
