// A word as it must be written in a shell so that the program gets exactly that word. One function for each shell.

export const SHELLS = ['sh', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a person of this system has in her terminal. */
export const shellOf = (platform: string): Shell => (platform === 'win32' ? 'powershell' : 'sh');

/** POSIX shells (2.2.2): within single quotes nothing but a single quote means anything. */
const sh = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;

/**
 * PowerShell takes typographic quotes for single ones, and doubles them to mean themselves. Its command line for a program
 * of Windows is another matter: a double quote in a word would need more than this (no file name there has one).
 */
const powershell = (word: string): string =>
  /^[A-Za-z0-9_+=:./\\][A-Za-z0-9_+=:./\\-]*$/.test(word)
    ? word
    : `'${word.replaceAll(/['‘’‚‛]/g, (quote) => quote + quote)}'`;

/** An option as it is, `-p` and `--proxy` too: PowerShell hands them to a program unchanged. */
const isOption = (word: string): boolean => /^--?[A-Za-z][A-Za-z0-9-]*$/.test(word);

const QUOTE: Record<Shell, (word: string) => string> = { sh, powershell };

export const quoted = (word: string, shell: Shell): string =>
  isOption(word) ? word : QUOTE[shell](word);

/** One line: variables for this program, if any, then the program and its arguments. */
export function commandLine(
  shell: Shell,
  words: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): string {
  const line = words.map((word) => quoted(word, shell)).join(' ');
  const set = Object.entries(variables).map(([name, value]) =>
    shell === 'powershell'
      ? `$env:${name}='${value.replaceAll(/['‘’‚‛]/g, (quote) => quote + quote)}'; `
      : `${name}=${quoted(value, shell)} `,
  );
  return set.join('') + line;
}
