import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createLocalUsers } from '../../../../src/proxy/guard/local-users.ts';
import type { SocketOwner } from '../../../../src/proxy/guard/socket-diag.ts';

const OUR_UID = 1000;
const socket = {} as Socket;

/** `owner`: what the kernel says; an error: it says nothing. null instead of a function: it cannot be asked. */
function users(ask: (() => SocketOwner | null) | null, platform: NodeJS.Platform = 'linux') {
  let readings = 0;
  const created = createLocalUsers({
    platform,
    uid: OUR_UID,
    openDiagnosis: () => Promise.resolve(ask && { ownerOfPeer: ask }),
    table: {
      isOurs() {
        readings += 1;
        return Promise.resolve(true);
      },
    },
  });
  return { isOurs: () => created.isOurs(socket), readings: () => readings };
}

describe('the program at the other end', () => {
  it.each<[string, SocketOwner | null, boolean]>([
    ['runs as us', { uid: OUR_UID, isOrphan: false }, true],
    ['runs as root', { uid: 0, isOrphan: false }, true],
    ['runs as somebody else', { uid: 1001, isOrphan: false }, false],
    ['has closed its socket', { uid: 0, isOrphan: true }, false],
    [
      'has closed its socket, on a kernel that remembers us',
      { uid: OUR_UID, isOrphan: true },
      true,
    ],
    ['has gone', null, false],
  ])('%s', async (_what, owner, isOurs) => {
    const { isOurs: ask, readings } = users(() => owner);
    expect(await ask()).toBe(isOurs);
    expect(readings()).toBe(0);
  });

  it('is looked for in the table where the kernel cannot be asked, or does not answer', async () => {
    const silent = users(() => {
      throw new Error('ENOBUFS');
    });
    for (const { isOurs, readings } of [users(null), silent]) {
      expect(await isOurs()).toBe(true);
      expect(readings()).toBe(1);
    }
  });

  it('is let in where the system does not tell', async () => {
    const { isOurs, readings } = users(null, 'darwin');
    expect(await isOurs()).toBe(true);
    expect(readings()).toBe(0);
  });
});
