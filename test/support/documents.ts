// Blocks of our documents as people paste them, and somebody who pastes them: a clean HOME, the programs on the PATH.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { TestEdge } from './start-edge.ts';
import { programPath, runProgram, startProgram } from './programs.ts';
import { tempDir } from './temp-dir.ts';
import { terminalLogin } from './terminal-login.ts';

export const ROOT = path.resolve(import.meta.dirname, '..', '..');

const FENCED_OR_INDENTED = /^```\w*\n([^]*?)^```$|(?<=\n\n)((?: {4}\S.*\n)+)/gm;

/** In their order, with or without a fence. */
export const blocksOf = (page: string): string[] =>
  [...readFileSync(path.join(ROOT, page), 'utf8').matchAll(FENCED_OR_INDENTED)].map(
    ([, fenced, indented = '']) => fenced ?? indented.replaceAll(/^ {4}/gm, ''),
  );

export interface Pasted {
  exit: number | null;
  /** All that it printed. */
  said: string;
}

export interface Reader {
  /** Their HOME, where they are too. */
  folder: string;
  write(name: string, text: string): string;
  read(name: string): string;
  paste(commands: string, env?: NodeJS.ProcessEnv): Promise<Pasted>;
}

export function aReader(): Reader {
  const folder = tempDir();
  const inFolder = (name: string): string => path.join(folder, name);
  const write: Reader['write'] = (name, text) => {
    mkdirSync(path.dirname(inFolder(name)), { recursive: true, mode: 0o700 });
    writeFileSync(inFolder(name), text);
    return inFolder(name);
  };
  for (const program of ['banyan', 'banyanproxy', 'banyan-edge'] as const) {
    execute(write, program, `exec "${process.execPath}" "${programPath(program)}" "$@"`);
  }
  // ssh asks the system for the person's folder, not HOME. What ansible leaves running would outlive the test.
  execute(write, 'ssh', 'exec /usr/bin/ssh -F "$HOME/.ssh/config" -o ControlMaster=no "$@"');
  return {
    folder,
    write,
    read: (name) => readFileSync(inFolder(name), 'utf8'),
    paste: (commands, env = {}) =>
      new Promise((resolve) => {
        const PATH = `${inFolder('bin')}:${process.env['PATH']}`;
        const child = execFile(
          'bash',
          ['--norc', '-ec', commands],
          { cwd: folder, env: { HOME: folder, PATH, LANG: 'C.UTF-8', ...env }, timeout: 60_000 },
          (_error, stdout, stderr) => resolve({ exit: child.exitCode, said: stdout + stderr }),
        );
      }),
  };
}

function execute(write: Reader['write'], name: string, line: string): void {
  chmodSync(write(`bin/${name}`, `#!/bin/sh\n${line}\n`), 0o755);
}

/** Registered with the edge and signed in; their app runs, with these surroundings. */
export async function aMember(
  edge: TestEdge,
  surroundings: (reader: Reader) => NodeJS.ProcessEnv = () => ({}),
): Promise<Reader> {
  const reader = aReader();
  const home = path.join(reader.folder, '.config', 'banyanapp');
  const own = { HOME: reader.folder, SHELL: '/bin/bash', ...surroundings(reader) };
  const up = await startProgram('banyan', ['up'], home, own);
  onTestFinished(async () => void (await up.stop()));
  await runProgram('banyan', ['register', await edge.edge.createInvite(), '--yes'], home, '', own);
  await terminalLogin(home, own);
  return reader;
}
