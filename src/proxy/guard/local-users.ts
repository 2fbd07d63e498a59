// Who is at the other end of a loopback connection? 127.0.0.1 keeps the network out, but not the other people who use
// this computer. Linux tells whose socket the other end is; elsewhere everybody on this computer is let in.
import type { Socket } from 'node:net';
import { openSocketDiagnosis, type SocketDiagnosis, type SocketOwner } from './socket-diag.ts';
import { createSocketTable } from './socket-table.ts';

export interface LocalUsers {
  /**
   * Whether the program at the other end of an accepted connection runs as us, or as root, who may do anything anyway.
   * What has gone before it could be looked at is nobody's. Does not reject.
   */
  isOurs(socket: Socket): Promise<boolean>;
  /** Nothing of it is being set up any more: a thread that ends while native code is loaded takes the process with it. */
  settled(): Promise<unknown>;
}

export interface LocalUsersOptions {
  platform: NodeJS.Platform;
  uid: number;
  /** null: it cannot be had here, so the table is read. */
  openDiagnosis?: () => Promise<SocketDiagnosis | null>;
  table?: Pick<LocalUsers, 'isOurs'>;
}

export function createLocalUsers(options: LocalUsersOptions): LocalUsers {
  const { platform, uid, openDiagnosis = openSocketDiagnosis } = options;
  if (platform !== 'linux') {
    return { isOurs: () => Promise.resolve(true), settled: () => Promise.resolve() };
  }
  const table = options.table ?? createSocketTable(uid);
  const isOurs = (owner: SocketOwner | null): boolean =>
    owner !== null && (owner.uid === uid || (owner.uid === 0 && !owner.isOrphan));
  /** With the first connection: most that start an engine end without one. */
  let opening: Promise<SocketDiagnosis | null> | null = null;
  return {
    async isOurs(socket) {
      const diagnosis = await (opening ??= openDiagnosis());
      try {
        if (diagnosis) return isOurs(diagnosis.ownerOfPeer(socket));
      } catch {
        // It gave no answer this time; the table is slower and says the same.
      }
      return table.isOurs(socket);
    },
    settled: () => Promise.resolve(opening),
  };
}
