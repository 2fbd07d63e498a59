// The one place of the login files, at which organisations take turns: one step at a time, and nothing any more once closed.
import path from 'node:path';
import { readIfThere } from '../settings/json-file.ts';
import { LOGIN_FILES, type Layout } from '../settings/layout.ts';
import { createLoginFiles, type LoginFiles } from './login-files.ts';

export interface LoginPlace extends LoginFiles {
  /** Removes what another organisation, or none that is known, has left there. */
  keepOnlyOf(ca: string | null): Promise<void>;
  /** What a killed process left beside the set that holds. */
  sweep(): Promise<void>;
  /** Resolves when nothing is being written; from then on the place is somebody else's and is left alone. */
  close(): Promise<void>;
}

export function createLoginPlace(places: Layout): LoginPlace {
  const files = createLoginFiles(places);
  const caFile = path.join(places.home, LOGIN_FILES.caCertificate);
  let turns: Promise<void> = Promise.resolve();
  let isClosed = false;

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turns.then(() => (isClosed ? undefined : work()));
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  return {
    write: (set) => inTurn(() => files.write(set)),
    remove: () => inTurn(() => files.remove()),
    sweep: () => inTurn(() => files.sweep()),
    keepOnlyOf: (ca) =>
      inTurn(async () => {
        const found = await readIfThere(caFile);
        if (ca === null || found?.toString('utf8') !== ca) await files.remove();
      }),
    close() {
      isClosed = true;
      return turns;
    },
  };
}
