// The three login-*.pem files as the engine's credentials, and how a renewal of them is noticed.
import { X509Certificate } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { LOGIN_FILES, LOGIN_FOLDER } from '../main/client/settings/layout.ts';
import type { Credentials } from '../proxy/index.ts';
import { AppError } from '../shared/errors.ts';
import { localTime } from '../shared/local-time.ts';

/** All three of one set: its folder is found once, though another set may take its place meanwhile. */
async function readSet(folder: string): Promise<Credentials> {
  const set = await realpath(path.join(folder, LOGIN_FOLDER)).catch(() => folder);
  const read = (name: string) => readFile(path.join(set, name), 'utf8');
  const [ca, key, certificate] = await Promise.all([
    read(LOGIN_FILES.caCertificate),
    read(LOGIN_FILES.key),
    read(LOGIN_FILES.certificate),
  ]);
  return { ca, key, certificate };
}

/** Throws `tunnel/certificate-missing`, or `identity/session-expired` when the certificate's life is over. */
export async function readLoginFiles(folder: string): Promise<Credentials> {
  let credentials: Credentials;
  try {
    // A set that was replaced while it was read is gone: then the next one is there.
    credentials = await readSet(folder).catch(() => readSet(folder));
  } catch (cause) {
    throw new AppError('tunnel/certificate-missing', `There is no certificate in ${folder}.`, {
      cause,
    });
  }
  const { validTo } = read(credentials.certificate, folder);
  if (Date.parse(validTo) <= Date.now()) {
    throw new AppError(
      'identity/session-expired',
      `The certificate in ${folder} ended at ${localTime(Date.parse(validTo))}.`,
    );
  }
  return credentials;
}

function read(certificate: string, folder: string): X509Certificate {
  try {
    return new X509Certificate(certificate);
  } catch (cause) {
    const why = `${LOGIN_FILES.certificate} in ${folder} is no certificate.`;
    throw new AppError('tunnel/certificate-missing', why, { cause });
  }
}

const CHECK_EVERY_MS = 2_000;

/** Calls back with each new set; an unreadable or half-replaced one is tried again. Returns how to stop. */
export function watchLoginFiles(
  folder: string,
  onChange: (credentials: Credentials) => void,
): () => void {
  const file = path.join(folder, LOGIN_FILES.certificate);
  let seen: number | undefined;
  const check = async () => {
    try {
      const { mtimeMs } = await stat(file);
      if (seen !== undefined && mtimeMs !== seen) onChange(await readLoginFiles(folder));
      seen = mtimeMs;
    } catch {
      // Signed out, or caught in the middle of a renewal: the current certificate stays, the next check decides.
    }
  };
  const timer = setInterval(() => void check(), CHECK_EVERY_MS);
  timer.unref();
  void check();
  return () => clearInterval(timer);
}
