// What shells complete, asked of the shells.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { completionScript } from '../../../src/cli/completion-scripts.ts';
import { findProgram, missing } from '../../support/foreign-servers.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A PATH with a `banyan` that knows two services. */
function aPath(): string {
  const bin = tempDir();
  writeFileSync(path.join(bin, 'banyan'), '#!/bin/sh\necho orders\necho wiki\n', { mode: 0o755 });
  return `${bin}:${process.env['PATH']}`;
}

function inBash(...words: string[]): string[] {
  const script = `${completionScript('bash')}
COMP_WORDS=(banyan ${words.map((word) => `'${word}'`).join(' ')})
COMP_CWORD=${words.length}
_banyan
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, PATH: aPath() };
  return execFileSync('bash', ['-c', script], { encoding: 'utf8', env }).trim().split('\n');
}

describe('completion', () => {
  it('in bash knows commands, options and services', () => {
    expect(inBash('dis')).toEqual(['disconnect']);
    expect(inBash('connect', '--p')).toEqual(['--port']);
    expect(inBash('connect', 'o')).toEqual(['orders']);
    expect(inBash('ssh-config', 'o')).toEqual(['on', 'off', 'orders']);
    expect(inBash('help', 'kube')).toEqual(['kubeconfig', 'kube-token']);
    expect(inBash('quit', 'o')).toEqual(['']);
  });

  it('in fish knows commands, options and services', (context) => {
    const reason = missing('fish');
    if (reason) context.skip(reason);
    const complete = (line: string): string[] =>
      execFileSync(
        findProgram('fish') ?? 'fish',
        ['-c', `${completionScript('fish')}\ncomplete -C '${line}'`],
        { encoding: 'utf8', env: { ...process.env, PATH: aPath() } },
      )
        .trim()
        .split('\n')
        .map((found) => found.split('\t')[0] ?? '');
    expect(complete('banyan dis')).toEqual(['disconnect']);
    expect(complete('banyan connect --po')).toEqual(['--port']);
    expect(complete('banyan connect o')).toEqual(['orders']);
  });

  it('in zsh is a script that zsh reads', (context) => {
    const reason = missing('zsh');
    if (reason) context.skip(reason);
    const script = `${completionScript('zsh')}\nwhence -w _banyan`;
    const said = execFileSync(findProgram('zsh') ?? 'zsh', ['-fc', script], { encoding: 'utf8' });
    expect(said).toContain('_banyan: function');
  });
});
