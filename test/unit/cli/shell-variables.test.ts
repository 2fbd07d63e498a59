// Variables as real shells read them.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ownShell, variableLines } from '../../../src/cli/shell-variables.ts';
import { findProgram, missing } from '../../support/foreign-servers.ts';

const ODD = `O'Hara's $HOME \`id\` "x" \\ % ;|&`;

describe('variables for a shell', () => {
  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    it(`are what ${shell} reads`, (context) => {
      const reason = missing(shell);
      if (reason) context.skip(reason);
      const [line = ''] = variableLines(shell, { BANYAN_CERTS: ODD });
      const script = `${line}\nprintenv BANYAN_CERTS`;
      const said = execFileSync(findProgram(shell) ?? shell, ['-c', script], { encoding: 'utf8' });
      expect(said).toBe(`${ODD}\n`);
    });
  }

  it('are doubled quotes in PowerShell', () => {
    expect(variableLines('powershell', { A: `it’s '$x'` })).toEqual([`$env:A = 'it’’s ''$x'''`]);
  });

  it.each([
    [{ SHELL: '/usr/bin/fish' }, 'linux', 'fish'],
    [{ SHELL: '/bin/zsh' }, 'darwin', 'zsh'],
    [{ SHELL: '/bin/dash' }, 'linux', 'bash'],
    [{}, 'win32', 'powershell'],
  ] as const)('are for the shell of the person: %o', (environment, platform, shell) => {
    expect(ownShell(environment, platform)).toBe(shell);
  });
});
