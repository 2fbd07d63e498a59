// The three login-*.pem files that `curl --cacert --key --cert` and banyanproxy read.
import path from 'node:path';
import { readIfThere } from '../settings/json-file.ts';
import { removeFile, writeTogether } from '../settings/atomic-write.ts';
import { LOGIN_FILES } from '../settings/layout.ts';

export interface LoginFiles {
  write(set: { ca: string; key: string; certificate: string }): Promise<void>;
  remove(): Promise<void>;
}

/** The place is one, and the organisations take turns at it. */
export interface LoginFilesOfOne extends LoginFiles {
  /** Removes what another organisation, or none that is known, has left there. */
  keepOnlyOf(ca: string | null): Promise<void>;
  /** Resolves when nothing is being written; from then on the place is somebody else's and is left alone. */
  close(): Promise<void>;
}

export function createLoginFiles(home: string): LoginFilesOfOne {
  const caFile = path.join(home, LOGIN_FILES.caCertificate);
  const keyFile = path.join(home, LOGIN_FILES.key);
  const certificateFile = path.join(home, LOGIN_FILES.certificate);
  let turns: Promise<void> = Promise.resolve();
  let isClosed = false;

  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turns.then(() => (isClosed ? undefined : work()));
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  async function remove(): Promise<void> {
    const files = [keyFile, certificateFile, caFile];
    const results = await Promise.allSettled(files.map((file) => removeFile(file)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  }

  return {
    write: ({ ca, key, certificate }) =>
      inTurn(() =>
        writeTogether([
          { path: caFile, content: ca },
          { path: keyFile, content: key },
          { path: certificateFile, content: certificate },
        ]),
      ),
    remove: () => inTurn(remove),
    keepOnlyOf: (ca) =>
      inTurn(async () => {
        const found = await readIfThere(caFile);
        if (ca === null || found?.toString('utf8') !== ca) await remove();
      }),
    close() {
      isClosed = true;
      return turns;
    },
  };
}
