import { mkdirSync, symlinkSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  controlSocketPath,
  defaultHome,
  layout,
} from '../../../../../src/main/client/settings/layout.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

describe('the layout on disk', () => {
  it('takes BANYAN_HOME before anything else', () => {
    expect(defaultHome('linux', { BANYAN_HOME: '/x/y', XDG_CONFIG_HOME: '/z' })).toBe('/x/y');
  });

  it('follows XDG_CONFIG_HOME on Linux', () => {
    expect(defaultHome('linux', { XDG_CONFIG_HOME: '/z' })).toBe('/z/banyanapp');
    expect(defaultHome('linux', { HOME: '/h', XDG_CONFIG_HOME: 'z' })).toBe('/h/.config/banyanapp');
    for (const HOME of ['', 'relative', '.']) {
      expect(defaultHome('linux', { HOME })).toBe(
        path.join(userInfo().homedir, '.config', 'banyanapp'),
      );
    }
  });

  it.each([
    ['linux', '.config/banyanapp'],
    ['darwin', 'Library/Application Support/banyanapp'],
    ['win32', 'AppData/Roaming/banyanapp'],
  ] as const)('is on %s where the seeds say: ~/%s', (platform, folder) => {
    expect(defaultHome(platform, {})).toBe(path.join(homedir(), folder));
  });

  it('keeps each organisation in a folder of its own', () => {
    const places = layout('/home/x');
    expect(places.organisation('ab').vault).toBe('/home/x/orgs/ab/vault.bin');
    expect(places.log).toBe('/home/x/logs/banyan.log');
  });

  it('has the control socket in the home itself where its path is short enough', () => {
    expect(controlSocketPath('/nonexistent/a', 'linux')).toBe('/nonexistent/a/run/control.sock');
  });

  it('gives each long home its own, short control socket', () => {
    const long = (name: string): string => `/nonexistent/${'x'.repeat(100)}/${name}`;
    const first = controlSocketPath(long('a'), 'linux');
    expect(first).not.toBe(controlSocketPath(long('b'), 'linux'));
    expect(first).toMatch(/^\/tmp\/banyanapp-\d+\/[0-9a-f]{16}\.sock$/);
    // Bytes count, not characters.
    expect(controlSocketPath(`/nonexistent/${'ü'.repeat(45)}`, 'linux')).toMatch(/^\/tmp\//);
  });

  it.each(['', 'x'.repeat(100)])(
    'has one control socket for a folder, by whatever name and in whatever session ("%s")',
    (name) => {
      const folder = tempDir();
      const home = path.join(folder, 'home', name);
      const alias = path.join(folder, 'alias');
      // Before and after the first start has made the folder.
      const before = controlSocketPath(home, 'linux');
      mkdirSync(home, { recursive: true });
      symlinkSync(path.join(folder, 'home'), alias);
      onTestFinished(() => void vi.unstubAllEnvs());
      for (const runtime of ['/run/user/1000', '/run/user/0', '']) {
        vi.stubEnv('XDG_RUNTIME_DIR', runtime);
        vi.stubEnv('TMPDIR', runtime);
        expect(controlSocketPath(path.join(alias, name), 'linux')).toBe(before);
        expect(controlSocketPath(path.relative('.', home), 'linux')).toBe(before);
      }
      expect(controlSocketPath(path.join(alias, name), 'win32')).toBe(
        controlSocketPath(home, 'win32'),
      );
    },
  );

  it('names a pipe on Windows', () => {
    expect(controlSocketPath('C:\\x', 'win32')).toMatch(/^\\\\\.\\pipe\\banyanapp-/);
  });
});
