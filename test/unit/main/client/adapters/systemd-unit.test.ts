import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  installUnit,
  removeUnit,
  unitFile,
  unitText,
} from '../../../../../src/main/client/adapters/systemd-unit.ts';
import { findProgram } from '../../../../support/foreign-servers.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const home = `/home/O'Hara "x" 100% $y`;
const text = unitText(['/usr/bin/env', '/opt/a b/banyan.js'], { BANYAN_HOME: home });

describe('the unit of systemd', () => {
  it('starts this very program, with the folder that it was asked with', () => {
    expect(text).toContain('ExecStart="/usr/bin/env" "/opt/a b/banyan.js" "up"\n');
    expect(text).toContain(
      `Environment="BANYAN_HOME=/home/O'Hara \\"x\\" 100%% $y"\nRestart=on-failure\n`,
    );
  });

  it('is for the same folder wherever systemd starts it, and one line for each variable', () => {
    expect(unitText(['node'], { BANYAN_HOME: 'mine', BANYAN_PASSPHRASE_FILE: './pass' })).toContain(
      `"BANYAN_HOME=${path.resolve('mine')}"\nEnvironment="BANYAN_PASSPHRASE_FILE=${path.resolve('pass')}"\n`,
    );
    const lines = unitText(['node'], { BANYAN_HOME: '/x"\nExecStartPre=/bin/false\n"' }).split(
      '\n',
    );
    expect(lines).not.toContain('ExecStartPre=/bin/false');
  });

  it('is one that systemd takes', (context) => {
    const analyze = findProgram('systemd-analyze');
    if (!analyze) context.skip('systemd-analyze is not installed here');
    const file = path.join(tempDir(), 'banyan.service');
    writeFileSync(file, text);
    const env = { ...process.env, XDG_RUNTIME_DIR: tempDir() };
    const said = execFileSync(analyze ?? '', ['verify', '--user', file], { env });
    expect(said.toString()).toBe('');
  });

  it('is written and removed, and replaces nobody else’s', async () => {
    const folder = tempDir();
    const file = unitFile({ HOME: folder });
    expect(file).toBe(path.join(folder, '.config', 'systemd', 'user', 'banyan.service'));
    await installUnit(file, text);
    await installUnit(file, text);
    expect(readFileSync(file, 'utf8')).toBe(text);
    await removeUnit(file);
    expect(() => statSync(file)).toThrow('ENOENT');
    writeFileSync(file, '[Unit]\n');
    await expect(installUnit(file, text)).rejects.toMatchObject({ code: 'client/storage-failed' });
    await expect(removeUnit(file)).rejects.toMatchObject({ code: 'client/storage-failed' });
    expect(readFileSync(file, 'utf8')).toBe('[Unit]\n');
  });
});
