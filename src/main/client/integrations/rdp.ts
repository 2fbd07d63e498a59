// A .rdp file for a remote desktop at a local port, as Microsoft's own client writes them.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Service } from '../../../shared/model/service.ts';
import { makeFolders, storageFailed } from '../../storage.ts';

/** RDP gateway mode is not spoken, so there is nothing to connect to. */
export const mayHaveRdpFile = ({ type, mode }: Service): boolean =>
  type === 'RDP' && mode === 'TCP';

/**
 * `at`: `host:port` of the service on this computer. Lines of the administrator have been through
 * protocol/program-settings.ts, and none is about where it leads.
 */
export function rdpFile({ rdpSettings = [] }: Service, at: string): Buffer {
  const lines = [`full address:s:${at}`, ...rdpSettings];
  const text = lines.map((line) => `${line}\r\n`).join('');
  // Everybody reads ASCII; for all else the clients agree on UTF-16 with its mark.
  return /^[\x20-\x7e\r\n]*$/.test(text)
    ? Buffer.from(text, 'ascii')
    : Buffer.from(`\ufeff${text}`, 'utf16le');
}

/** Under the service's name, or that with a number: nothing that is there is replaced. Says where. */
export async function saveRdpFile(folder: string, name: string, content: Buffer): Promise<string> {
  try {
    await makeFolders(folder);
    for (let count = 0; ; count++) {
      const file = path.join(folder, count === 0 ? `${name}.rdp` : `${name} (${count}).rdp`);
      if (await isWritten(file, content)) return file;
    }
  } catch (error) {
    throw storageFailed(folder, error);
  }
}

/** false: something else has that name. */
async function isWritten(file: string, content: Buffer): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const there = await readFile(file).catch(() => null); // a folder, or nobody's to read
    return there?.equals(content) ?? false;
  }
}
