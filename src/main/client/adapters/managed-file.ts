// The managed deployment file of this computer, if it is certainly the administrator's: whoever could write it could make
// every app on this computer join an organisation of his own. Its place is fixed: no variable and no setting moves it.
import { constants, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import path from 'node:path';
import type { ManagedFileRead } from '../ports.ts';

const LARGEST = 64 * 1024;
const ROOT = 0;

export const managedFilePath = (platform: NodeJS.Platform = process.platform): string =>
  platform === 'win32'
    ? 'C:\\ProgramData\\Banyan\\mdm-config.json'
    : '/etc/banyanapp/mdm-config.json';

/** `owner`: whose it has to be. Node does not tell it on Windows: there the folder's permissions have to hold (SECURITY.md). */
export async function readManagedFile(
  file: string = managedFilePath(),
  owner: number = ROOT,
): Promise<ManagedFileRead> {
  try {
    const folder = path.dirname(file);
    const why = whyNotTrusted(await lstat(folder), 'folder', owner);
    if (why) return { status: 'refused', why: `${folder} ${why}` };
    const { text, problem } = await read(file, owner);
    return problem ? { status: 'refused', why: `${file} ${problem}` } : { status: 'read', text };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return { status: 'absent' };
    return { status: 'refused', why: `${file} ${words(code)}` };
  }
}

/** Judged by what was opened, so that nobody changes it in between. */
async function read(file: string, owner: number): Promise<{ text: string; problem?: string }> {
  // Windows has neither flag: there a link is looked for by its name.
  const isWindows = process.platform === 'win32';
  const flags = isWindows ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK;
  if (isWindows && (await lstat(file)).isSymbolicLink()) return { text: '', problem: LINK };
  const handle = await open(file, constants.O_RDONLY | flags);
  try {
    const facts = await handle.stat();
    const problem = whyNotTrusted(facts, 'file', owner);
    if (problem) return { text: '', problem };
    if (facts.size > LARGEST) return { text: '', problem: `is larger than ${LARGEST} bytes` };
    // One more than allowed: it may grow while it is read.
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(LARGEST + 1), 0, LARGEST + 1, 0);
    if (bytesRead > LARGEST) return { text: '', problem: `is larger than ${LARGEST} bytes` };
    return { text: textOf(buffer.subarray(0, bytesRead)) };
  } finally {
    await handle.close();
  }
}

/** PowerShell 5 writes UTF-16 where it is told nothing else, with a mark in front. */
const textOf = (bytes: Buffer): string =>
  bytes[0] === 0xff && bytes[1] === 0xfe ? bytes.toString('utf16le') : bytes.toString('utf8');

const LINK = 'is a symbolic link';

function whyNotTrusted(facts: Stats, kind: 'file' | 'folder', owner: number): string | null {
  if (facts.isSymbolicLink()) return LINK;
  if (kind === 'file' ? !facts.isFile() : !facts.isDirectory()) return `is not a ${kind}`;
  if (process.platform === 'win32') return null;
  if (facts.uid !== owner) return 'does not belong to root';
  return facts.mode & 0o022 ? 'can be written by others' : null;
}

function words(code: string | undefined): string {
  if (code === 'ELOOP') return LINK;
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by you';
  return `cannot be read (${code ?? 'unknown error'})`;
}
