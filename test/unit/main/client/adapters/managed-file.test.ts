import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  managedFilePath,
  readManagedFile,
} from '../../../../../src/main/client/adapters/managed-file.ts';
import { systemPorts } from '../../../../../src/main/client/adapters/system-ports.ts';
import { decodeManagedFile } from '../../../../../src/main/client/managed/managed-file.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const OWN = process.getuid?.() ?? 0;

async function aFile(text: string | Buffer = '{}', mode = 0o644): Promise<string> {
  const folder = path.join(tempDir(), 'banyanapp');
  await mkdir(folder, { mode: 0o755 });
  const file = path.join(folder, 'mdm-config.json');
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}
const read = (file: string, owner = OWN) => readManagedFile(file, owner);
const refused = (why: string) => ({
  status: 'refused',
  why: expect.stringContaining(why) as unknown,
});

describe('the managed deployment file', () => {
  it('is read where its owner is the one it should be, and nobody else may write it', async () => {
    expect(await read(await aFile('{"a":1}'))).toEqual({ status: 'read', text: '{"a":1}' });
    expect(await read(await aFile('{}', 0o600))).toMatchObject({ status: 'read' });
  });

  it('is read as PowerShell writes it, too: in UTF-16', async () => {
    const bytes = Buffer.from('\uFEFF{"mdm_deploy_user":"Zoë"}', 'utf16le');
    const { text = '' } = (await read(await aFile(bytes))) as { text?: string };
    expect(decodeManagedFile(text).settings).toEqual({ deployment: { user: 'Zoë' } });
  });

  it('is absent where there is none, or no folder', async () => {
    expect(await read('/no-such-folder/mdm-config.json')).toEqual({ status: 'absent' });
    expect(await read(path.join(tempDir(), 'mdm-config.json'))).toEqual({ status: 'absent' });
  });

  it('of another owner is refused', async () => {
    expect(await read(await aFile(), OWN + 1)).toEqual(refused('does not belong to root'));
  });

  it.each([0o664, 0o646, 0o666])('that others may write (%o) is refused', async (mode) => {
    expect(await read(await aFile('{}', mode))).toEqual(refused('written by others'));
  });

  it('in a folder that others may write is refused', async () => {
    const file = await aFile();
    await chmod(path.dirname(file), 0o777);
    expect(await read(file)).toEqual(refused('written by others'));
  });

  it('that is a link is refused, and a folder that is one', async () => {
    const elsewhere = await aFile();
    const file = path.join(path.dirname(await aFile()), 'linked.json');
    await symlink(elsewhere, file);
    expect(await read(file)).toEqual(refused('symbolic link'));
    const folder = path.join(tempDir(), 'linked');
    await symlink(path.dirname(elsewhere), folder);
    expect(await read(path.join(folder, 'mdm-config.json'))).toEqual(refused('symbolic link'));
  });

  it('that is far too large is not read', async () => {
    const file = await aFile();
    await truncate(file, 10_000_000);
    expect(await read(file)).toEqual(refused('larger than'));
  });

  it('that is a pipe keeps nobody waiting', async () => {
    const file = path.join(path.dirname(await aFile()), 'pipe');
    expect(spawnSync('mkfifo', [file]).status).toBe(0);
    expect(await read(file)).toEqual(refused('is not a file'));
  });

  it('is at a fixed place: no variable of a person moves it', async () => {
    expect(managedFilePath('linux')).toBe('/etc/banyanapp/mdm-config.json');
    expect(managedFilePath('darwin')).toBe('/etc/banyanapp/mdm-config.json');
    expect(managedFilePath('win32')).toBe('C:\\ProgramData\\Banyan\\mdm-config.json');
    const mine = await aFile('{"mdm_vendor_name":"Mine"}');
    const folder = path.dirname(mine);
    const environment = {
      BANYAN_HOME: folder,
      XDG_CONFIG_HOME: folder,
      XDG_CONFIG_DIRS: folder,
      ProgramData: folder,
      HOME: folder,
    };
    expect(await systemPorts(folder, environment).managedFile?.()).not.toMatchObject({
      text: expect.stringContaining('Mine') as unknown,
    });
  });
});
