import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  autostartFile,
  xdgLoginStart,
} from '../../../../../src/main/client/adapters/xdg-autostart.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const start = (command = ['/opt/Banyan/banyan-app']) => {
  const file = path.join(tempDir(), 'config', 'autostart', 'banyan.desktop');
  return { file, ...xdgLoginStart({ file, command }) };
};

describe('starting at login on Linux', () => {
  it('is a file in the autostart folder, written whole and taken away again', async () => {
    const { file, isOn, set } = start();
    expect(await isOn()).toBe(false);
    await set(true);
    expect(await isOn()).toBe(true);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^\[Desktop Entry\]\nType=Application\nName=Banyan\n[\s\S]*\nExec="\/opt\/Banyan\/banyan-app"\n/,
    );
    expect(readdirSync(path.dirname(file))).toEqual(['banyan.desktop']);
    await set(false);
    await set(false);
    expect(existsSync(file)).toBe(false);
    expect(await isOn()).toBe(false);
  });

  it('is off where the desktop has turned it off, and on again when it is asked for', async () => {
    for (const word of ['Hidden=true', 'X-GNOME-Autostart-enabled=false']) {
      const { file, isOn, set } = start();
      await set(true);
      writeFileSync(file, `[Desktop Entry]\nType=Application\nExec=banyan\n${word}\n`);
      expect(await isOn()).toBe(false);
      await set(true);
      expect(await isOn()).toBe(true);
    }
  });

  it('quotes what a desktop would take for something else', async () => {
    const { file, set } = start(['/opt/my $app/100%/"b`\\', '/x y']);
    await set(true);
    const [, value = ''] = /^Exec=(.*)$/m.exec(readFileSync(file, 'utf8')) ?? [];
    // As a desktop reads it: escapes of the value, then quotes as a shell has them, then field codes.
    const unescaped = value.replaceAll('\\\\', '\\');
    const read = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${unescaped}`], {
      encoding: 'utf8',
    });
    expect(read.replaceAll('%%', '%')).toBe('/opt/my $app/100%/"b`\\\n/x y\n');
  });

  it('leaves the access of the folder as it is, and says where nothing could be written', async () => {
    const { file, set } = start();
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
    await set(true);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o755);
    const blocked = path.join(tempDir(), 'file');
    writeFileSync(blocked, '');
    const { set: inVain } = xdgLoginStart({
      file: path.join(blocked, 'x.desktop'),
      command: ['a'],
    });
    await expect(inVain(true)).rejects.toMatchObject({ code: 'client/storage-failed' });
  });

  it('finds the folder by XDG_CONFIG_HOME where that is absolute', () => {
    expect(autostartFile({ XDG_CONFIG_HOME: '/x', HOME: '/home/zoe' })).toBe(
      '/x/autostart/banyan.desktop',
    );
    expect(autostartFile({ XDG_CONFIG_HOME: 'x', HOME: '/home/zoe' })).toBe(
      '/home/zoe/.config/autostart/banyan.desktop',
    );
  });
});
