// A terminal of its own for a program that has no window. Linux has many, and each wants to be told in its own way what to
// run; all of those here take it word for word.
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { quoted } from '../../../shared/model/quoting.ts';

export interface InTerminal {
  command: string;
  words: readonly string[];
}

export interface TerminalFacts {
  platform: NodeJS.Platform;
  find: (name: string) => string | null;
}

/** What stands before the program and its words. Chosen by the person or the distribution first, then by the desktop. */
const LINUX: readonly (readonly [name: string, ...before: string[]])[] = [
  ['xdg-terminal-exec'],
  ['x-terminal-emulator', '-e'],
  ['gnome-terminal', '--'],
  ['ptyxis', '--'],
  ['kgx', '--'],
  ['konsole', '-e'],
  ['xfce4-terminal', '-x'],
  ['mate-terminal', '-x'],
  ['kitty'],
  ['alacritty', '-e'],
  ['wezterm', 'start', '--'],
  ['foot'],
  ['xterm', '-e'],
];

/** A terminal closes with its program: what that said last would never be read. Nothing is put into this text. */
const STAYS = '"$@" || { printf "\\n[%s] Press Enter to close. " "$?"; read -r _; }';

/** null: this computer has none that is known here. */
export async function inTerminal(
  { platform, find }: TerminalFacts,
  argv: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>>,
): Promise<InTerminal | null> {
  if (platform === 'darwin') {
    return { command: 'open', words: ['-a', 'Terminal', await commandFile(argv, environment)] };
  }
  if (platform === 'win32') {
    // Windows Terminal would take a semicolon for the next command.
    const wt = argv.some((word) => word.includes(';')) ? null : find('wt.exe');
    const [command, ...before] = wt ? [wt, '--'] : ['conhost.exe'];
    return { command, words: [...before, ...argv] };
  }
  // Some terminals are servers that hand on nothing of what they were asked with.
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const whole = ['/usr/bin/env', ...variables, 'sh', '-c', STAYS, 'banyan', ...argv];
  for (const [name, ...before] of LINUX) {
    const command = find(name);
    if (command) return { command, words: [...before, ...whole] };
  }
  return null;
}

/** Terminal of macOS opens files only: this one goes as soon as it is read. */
async function commandFile(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<string> {
  const word = (text: string): string => quoted(text, 'sh');
  const set = Object.entries(environment).map(([name, value]) => `export ${name}=${word(value)}`);
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'banyan-')), 'banyan.command');
  const lines = [
    '#!/bin/sh',
    'rm -rf "$(dirname "$0")"',
    'cd',
    ...set,
    argv.map(word).join(' '),
    '',
  ];
  await writeFile(file, lines.join('\n'), { mode: 0o700 });
  return file;
}
