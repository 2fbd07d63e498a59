// Lines that set variables in a shell, each in its own way of quoting.
export const SHELL_NAMES = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type ShellName = (typeof SHELL_NAMES)[number];

const sh = (name: string, value: string): string =>
  `export ${name}='${value.replaceAll("'", `'\\''`)}'`;

const LINES: Record<ShellName, (name: string, value: string) => string> = {
  bash: sh,
  zsh: sh,
  // Within single quotes only these two mean something.
  fish: (name, value) => `set -gx ${name} '${value.replaceAll(/['\\]/g, (one) => `\\${one}`)}'`,
  powershell: (name, value) =>
    `$env:${name} = '${value.replaceAll(/['‘’‚‛]/g, (quote) => quote + quote)}'`,
};

export const variableLines = (
  shell: ShellName,
  variables: Readonly<Record<string, string>>,
): string[] => Object.entries(variables).map(([name, value]) => LINES[shell](name, value));

/** That in which the person types, as far as anybody can tell. */
export function ownShell(environment: NodeJS.ProcessEnv, platform: string): ShellName {
  if (platform === 'win32') return 'powershell';
  const name = (environment['SHELL'] ?? '').split('/').at(-1);
  return SHELL_NAMES.find((known) => known === name) ?? 'bash';
}
