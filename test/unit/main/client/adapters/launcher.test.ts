// Programs are found where they are, and get every word as it is, through whichever terminal this computer has.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLauncher } from '../../../../../src/main/client/adapters/launcher.ts';
import { inTerminal } from '../../../../../src/main/client/adapters/terminals.ts';
import { tempDir } from '../../../../support/temp-dir.ts';
import { until } from '../../../../support/until.ts';

const ODD = ['--', `a b`, `O'Hara`, '$(touch x)', 'a;b', '"', 'Büro'];

/** A PATH of its own; what is written to `said` was said by the programs in it. */
function aComputer(programs: Record<string, string>) {
  const bin = tempDir();
  const home = tempDir();
  const said = path.join(home, 'said');
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  for (const name of ['sh', 'env']) {
    if (!existsSync(path.join(bin, name))) symlinkSync(`/bin/${name}`, path.join(bin, name));
  }
  const environment = { PATH: bin, HOME: home, DISPLAY: ':99', SAID: said };
  return { bin, home, said, environment, platform: 'freebsd' as NodeJS.Platform };
}

const SAYS = `printf '%s\\n' "$@" > "$SAID.new"; /bin/mv "$SAID.new" "$SAID"`;
const saidIn = (file: string): Promise<string[]> =>
  until(() =>
    Promise.resolve(existsSync(file) && readFileSync(file, 'utf8').split('\n').slice(0, -1)),
  );

describe('programs of this computer', () => {
  it('are those on the PATH that may be run', () => {
    const { bin, ...computer } = aComputer({ psql: '', chromium: '', 'firefox-esr': '' });
    writeFileSync(path.join(bin, 'ssh'), '', { mode: 0o644 });
    mkdirSync(path.join(bin, 'mysql'));
    const launcher = createLauncher(computer);
    expect(launcher.installed()).toEqual(['psql', 'chromium', 'firefox']);
    chmodSync(path.join(bin, 'ssh'), 0o755);
    expect(launcher.installed()).toContain('ssh');
  });

  it('are none where nothing could be shown', () => {
    const { platform: _, ...computer } = aComputer({ psql: '' });
    const environment = { ...computer.environment, DISPLAY: undefined };
    expect(createLauncher({ environment, platform: 'linux' }).installed()).toEqual([]);
  });

  it('are not looked for in folders that depend on where we were started', () => {
    const computer = aComputer({});
    const environment = { ...computer.environment, PATH: '.:bin' };
    expect(createLauncher({ ...computer, environment }).installed()).toEqual([]);
  });
});

describe('a program without a window', () => {
  it.each([
    ['x-terminal-emulator', '[ "$1" = -e ] && shift; exec "$@"'],
    ['gnome-terminal', '[ "$1" = -- ] && shift; exec "$@"'],
    ['xfce4-terminal', '[ "$1" = -x ] && shift; exec "$@"'],
    ['kitty', 'exec "$@"'],
    ['wezterm', '[ "$1 $2" = "start --" ] && shift 2; exec "$@"'],
    ['xterm', '[ "$1" = -e ] && shift; exec "$@"'],
  ])('gets every word in a terminal of its own: %s', async (name, script) => {
    const computer = aComputer({ psql: SAYS, [name]: script });
    await createLauncher(computer).start({ program: 'psql', words: ODD });
    expect(await saidIn(computer.said)).toEqual(ODD);
  });

  it('gets its environment from the command, as some terminals hand none on', async () => {
    const script = 'shift; exec /usr/bin/env -i SAID="$SAID" PATH="$PATH" "$@"';
    const computer = aComputer({
      kubectl: '',
      shell: 'echo "$https_proxy" > "$SAID"',
      xterm: script,
    });
    const SHELL = path.join(computer.bin, 'shell');
    const launcher = createLauncher({
      ...computer,
      environment: { ...computer.environment, SHELL },
    });
    const environment = { https_proxy: 'http://127.0.0.1:1' };
    await launcher.start({ program: 'kubectl', words: [], environment });
    expect(await saidIn(computer.said)).toEqual(['http://127.0.0.1:1']);
  });

  it('is read to the end where it fails: the terminal stays until Enter', async () => {
    const script = `shift; echo | "$@" > "$SAID.new"; /bin/mv "$SAID.new" "$SAID"`;
    const computer = aComputer({ psql: 'echo no such user; exit 2', xterm: script });
    await createLauncher(computer).start({ program: 'psql', words: [] });
    expect((await saidIn(computer.said))[0]).toBe('no such user');
    expect(readFileSync(computer.said, 'utf8')).toContain('[2] Press Enter to close.');
  });

  it('is not started without a terminal', async () => {
    const start = createLauncher(aComputer({ psql: '' })).start({ program: 'psql', words: [] });
    await expect(start).rejects.toMatchObject({ code: 'program/not-installed' });
  });

  it('is said not to have started where the terminal does not', async () => {
    const launcher = createLauncher(aComputer({ psql: '', xterm: 'exit 3' }));
    await expect(launcher.start({ program: 'psql', words: [] })).rejects.toMatchObject({
      code: 'program/not-started',
    });
  });

  it('is written down for Terminal of macOS, which opens files only', async () => {
    const computer = aComputer({ psql: SAYS });
    const argv = [path.join(computer.bin, 'psql'), ...ODD] as [string, ...string[]];
    const environment = { PATH: computer.bin, SAID: computer.said, ODD: `it's $HOME` };
    const how = await inTerminal({ platform: 'darwin', find: () => null }, argv, environment);
    const [, , file = ''] = how?.words ?? [];
    expect(how).toMatchObject({ command: 'open', words: ['-a', 'Terminal', file] });
    execFileSync(file, { env: { HOME: computer.home, PATH: '/usr/bin:/bin' } });
    expect(await saidIn(computer.said)).toEqual(ODD);
    expect(existsSync(path.dirname(file))).toBe(false);
  });

  it('gets its words from Windows itself, where a terminal would take a semicolon for the next command', async () => {
    const find = (name: string): string => `C:\\${name}`;
    const facts = { platform: 'win32', find } as const;
    expect(await inTerminal(facts, ['psql.exe', '--port=1'], {})).toEqual({
      command: 'C:\\wt.exe',
      words: ['--', 'psql.exe', '--port=1'],
    });
    expect(await inTerminal(facts, ['psql.exe', 'a;b'], {})).toEqual({
      command: 'conhost.exe',
      words: ['psql.exe', 'a;b'],
    });
  });
});

describe('a program with a window', () => {
  it('gets every word by itself', async () => {
    const computer = aComputer({ dbeaver: SAYS });
    await createLauncher(computer).start({ program: 'dbeaver', words: ODD });
    expect(await saidIn(computer.said)).toEqual(ODD);
  });

  it('is said to be missing where it is', async () => {
    const start = createLauncher(aComputer({})).start({ program: 'dbeaver', words: [] });
    await expect(start).rejects.toMatchObject({ code: 'program/not-installed' });
  });
});
