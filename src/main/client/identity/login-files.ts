// The three login-*.pem files that `curl --cacert --key --cert` and banyanproxy read.
import path from 'node:path';
import { removeFile, writeTogether } from '../settings/atomic-write.ts';
import { LOGIN_FILES } from '../settings/layout.ts';

export interface LoginFiles {
  write(set: { ca: string; key: string; certificate: string }): Promise<void>;
  remove(): Promise<void>;
}

export function createLoginFiles(home: string): LoginFiles {
  const caFile = path.join(home, LOGIN_FILES.caCertificate);
  const keyFile = path.join(home, LOGIN_FILES.key);
  const certificateFile = path.join(home, LOGIN_FILES.certificate);
  return {
    write: ({ ca, key, certificate }) =>
      writeTogether([
        { path: caFile, content: ca },
        { path: keyFile, content: key },
        { path: certificateFile, content: certificate },
      ]),
    async remove() {
      const files = [keyFile, certificateFile, caFile];
      const results = await Promise.allSettled(files.map((file) => removeFile(file)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },
  };
}
