// How this app becomes a newer one: a closed union and its transition. It is replaced only by a restart, never while it runs.
import type { WireError } from '../errors.ts';
import { exhaustive } from '../exhaustive.ts';

/** Why this app cannot replace itself, whatever anybody wants. */
export type UpdateHindrance =
  /** A terminal or a browser tab shows it. */
  | 'not-the-app'
  /** Run from a build folder. */
  | 'unpackaged'
  /** Built without an address and a key to ask at. */
  | 'no-feed'
  /** Installed by a package manager, which also replaces it. */
  | 'deb'
  | 'rpm'
  | 'msi'
  /** A folder that was unpacked by hand. */
  | 'folder'
  /** This person may not write where it is. */
  | 'read-only';

export type Updates =
  | { status: 'off'; because: UpdateHindrance }
  | { status: 'off'; because: 'managed'; by: string }
  /** Nobody has looked yet. */
  | { status: 'idle' }
  | { status: 'checking' }
  /** Milliseconds since the epoch. */
  | { status: 'none'; checkedAt: number }
  /** `share`: 0 to 1. */
  | { status: 'downloading'; version: string; share: number }
  /** The next start, or a restart now, is the newer one. */
  | { status: 'ready'; version: string }
  | { status: 'failed'; because: WireError };

export type UpdatesEvent =
  | { type: 'switched-off'; by: string }
  /** Nobody manages it any more. */
  | { type: 'switched-on' }
  | { type: 'started' }
  | { type: 'nothing-newer'; at: number }
  | { type: 'found'; version: string }
  | { type: 'progressed'; share: number }
  | { type: 'downloaded' }
  | { type: 'failed'; error: WireError };

/** Pure transition; an event that means nothing now returns the same object. */
export function nextUpdates(updates: Updates, event: UpdatesEvent): Updates {
  switch (event.type) {
    case 'switched-off':
      return switchedOff(updates, event.by);
    case 'switched-on':
      return isManagedOff(updates) ? { status: 'idle' } : updates;
    case 'started':
      return mayCheck(updates) ? { status: 'checking' } : updates;
    case 'nothing-newer':
      return updates.status === 'checking' ? { status: 'none', checkedAt: event.at } : updates;
    case 'found':
      return updates.status === 'checking'
        ? { status: 'downloading', version: event.version, share: 0 }
        : updates;
    case 'progressed':
      return updates.status === 'downloading' && event.share > updates.share
        ? { ...updates, share: event.share }
        : updates;
    case 'downloaded':
      return updates.status === 'downloading'
        ? { status: 'ready', version: updates.version }
        : updates;
    case 'failed':
      return updates.status === 'checking' || updates.status === 'downloading'
        ? { status: 'failed', because: event.error }
        : updates;
    default:
      return exhaustive(event);
  }
}

/** What hinders the app anyway stays the reason: it is what a person can act on. */
function switchedOff(updates: Updates, by: string): Updates {
  const isSame = updates.status === 'off' && (updates.because !== 'managed' || updates.by === by);
  return isSame ? updates : { status: 'off', because: 'managed', by };
}

export const isManagedOff = (
  updates: Updates,
): updates is Extract<Updates, { because: 'managed' }> =>
  updates.status === 'off' && updates.because === 'managed';

/** Not while one runs, and not with one in hand: the start that takes it looks again. */
export const mayCheck = ({ status }: Updates): boolean =>
  status === 'idle' || status === 'none' || status === 'failed';
