// The three login-*.pem files that `curl --cacert --key --cert` and banyanproxy read. Three files cannot be replaced by one
// rename, so their names lead through one link: `login-cert.pem` → `login/login-cert.pem`, and `login` → `login-sets/<id>`.
// A whole set is written and synced first, then that one link is replaced: whatever happens when, it leads to a set that
// belongs together. Windows lets only administrators make such links: there the files are renamed one after the other, key
// first, and the next start writes the whole set again from the vault.
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readlink, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { removeFile, syncFolder, writeTogether } from '../settings/atomic-write.ts';
import { readIfThere } from '../settings/json-file.ts';
import { LOGIN_FILES, type Layout, SSH_CERTIFICATE_FILE } from '../settings/layout.ts';
import { storageFailed } from '../../storage.ts';

export interface LoginSet {
  ca: string;
  key: string;
  certificate: string;
  sshCertificate?: string;
}

export interface LoginFiles {
  write(set: LoginSet): Promise<void>;
  remove(): Promise<void>;
}

/** The key first: where the files are replaced one by one, it fits no certificate rather than an old one. */
const NAMES = [LOGIN_FILES.key, LOGIN_FILES.certificate, LOGIN_FILES.caCertificate] as const;
/** Of file systems without links: FAT, some network shares. */
const NO_LINKS = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL']);

export function createLoginFiles(
  { home, loginLink, loginSets }: Pick<Layout, 'home' | 'loginLink' | 'loginSets'>,
  platform: NodeJS.Platform = process.platform,
): LoginFiles & { sweep(): Promise<void> } {
  const nameOf = (file: string): string => path.join(home, file);
  const filesIn = (folder: string, { ca, key, certificate, sshCertificate }: LoginSet) => [
    { path: path.join(folder, LOGIN_FILES.key), content: key },
    { path: path.join(folder, LOGIN_FILES.certificate), content: certificate },
    { path: path.join(folder, LOGIN_FILES.caCertificate), content: ca },
    ...(sshCertificate === undefined
      ? []
      : [{ path: path.join(folder, SSH_CERTIFICATE_FILE), content: sshCertificate }]),
  ];

  /** In one step, whatever was there. */
  async function link(target: string, file: string): Promise<void> {
    const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await symlink(target, temporary);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
      throw NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')
        ? error
        : storageFailed(home, error);
    }
  }

  /** A new set, whole on disk; the link leads to it at the end, and in one step. */
  async function switchTo(set: LoginSet): Promise<void> {
    const id = randomBytes(6).toString('hex');
    await writeTogether(filesIn(path.join(loginSets, id), set));
    await link(path.join(path.basename(loginSets), id), loginLink);
    await syncFolder(home);
  }

  /** An earlier version left files where the links belong: as a set first, so that they are one until the last is a link. */
  async function adoptFiles(): Promise<void> {
    const found = await Promise.all(
      NAMES.map(async (name) => ((await isFile(nameOf(name))) ? readIfThere(nameOf(name)) : null)),
    );
    const [key, certificate, ca] = found.map((content) => content?.toString('utf8'));
    if (key !== undefined && certificate !== undefined && ca !== undefined) {
      return switchTo({ key, certificate, ca });
    }
    // Some of three are of no use.
    for (const [index, name] of NAMES.entries()) {
      if (found[index]) await removeFile(nameOf(name));
    }
  }

  /** What a killed process left: sets that nothing leads to. Only for the single user of the home. */
  async function sweep(): Promise<void> {
    const current = await readlink(loginLink).catch(() => '');
    for (const id of await readdir(loginSets).catch(() => [])) {
      if (id !== path.basename(current)) await removeFile(path.join(loginSets, id));
    }
  }

  return {
    async write(set) {
      if (set.sshCertificate === undefined) await removeFile(nameOf(SSH_CERTIFICATE_FILE));
      if (platform === 'win32') return writeTogether(filesIn(home, set));
      try {
        await adoptFiles();
        // Before the switch: the first set appears as one, too.
        const names = set.sshCertificate === undefined ? NAMES : [...NAMES, SSH_CERTIFICATE_FILE];
        for (const name of names)
          await link(path.join(path.basename(loginLink), name), nameOf(name));
      } catch (error) {
        if (!NO_LINKS.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
        return writeTogether(filesIn(home, set));
      }
      await switchTo(set);
      await sweep();
    },

    async remove() {
      // First the link: all three are gone at once.
      const all = [loginLink, loginSets, ...[...NAMES, SSH_CERTIFICATE_FILE].map(nameOf)];
      const results: PromiseSettledResult<void>[] = [];
      for (const file of all) results.push(...(await Promise.allSettled([removeFile(file)])));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
    },

    sweep,
  };
}

const isFile = async (file: string): Promise<boolean> =>
  (await lstat(file).catch(() => null))?.isFile() ?? false;
