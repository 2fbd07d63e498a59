// The other people who use this computer, on real sockets and the kernel's own table.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createLocalUsers, type LocalUsers } from '../../src/proxy/guard/local-users.ts';
import { openSocketDiagnosis } from '../../src/proxy/guard/socket-diag.ts';
import { createSocketTable } from '../../src/proxy/guard/socket-table.ts';

const NOBODY = 65_534;
const isLinux = process.platform === 'linux';
const isRoot = process.getuid?.() === 0;

const cleanUps: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp();
});

const own = process.getuid?.() ?? 0;

/** Both must say the same of every connection. A table that answers in the place of netlink would not be noticed otherwise. */
const WAYS: [string, (uid: number) => Pick<LocalUsers, 'isOurs'>][] = [
  [
    'netlink',
    (uid) =>
      createLocalUsers({
        platform: 'linux',
        uid,
        table: { isOurs: () => Promise.reject(new Error('the table was read')) },
      }),
  ],
  ['the table', (uid) => createSocketTable(uid)],
];

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

describe.skipIf(!isLinux).each(WAYS)(
  'a local port, by %s (skipped where the system does not tell: no Linux)',
  (_way, create) => {
    it.each(['127.0.0.1', '::1'])('knows our own program on %s', async (host) => {
      expect(await create(own).isOurs(await accepted(host, dialFrom(host)))).toBe(true);
    });

    it('knows our own program behind a mapped address', async () => {
      const socket = await accepted('127.0.0.1', dialFrom('::ffff:127.0.0.1'));
      expect(await create(own).isOurs(socket)).toBe(true);
    });

    it('knows every one of a crowd', async () => {
      const users = create(own);
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
      expect(await create(own).isOurs(socket)).toBe(false);
    });

    it('does not take who listens at the port of a program that has gone for that program', async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      cleanUps.push(() => server.close());
      const { port } = server.address() as AddressInfo;
      const here = '127.0.0.1';
      const gone = { remoteAddress: here, remotePort: port, localAddress: here, localPort: 9 };
      expect(await create(own).isOurs(gone as Socket)).toBe(false);
    });

    it.skipIf(!isRoot)(
      'tells programs of others from those of the person and of root (skipped where none can be started: not root)',
      async () => {
        const ofNobody = await accepted('127.0.0.1', dialAsNobody);
        const ofRoot = await accepted('127.0.0.1', dialFrom('127.0.0.1'));
        expect(await create(own).isOurs(ofNobody)).toBe(false);
        expect(await create(NOBODY).isOurs(ofNobody)).toBe(true);
        expect(await create(NOBODY).isOurs(ofRoot)).toBe(true);
      },
    );
  },
);

it.skipIf(!isLinux)('netlink can be asked here', async () => {
  expect(await openSocketDiagnosis()).not.toBeNull();
});
