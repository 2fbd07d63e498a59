// Starting at login on Linux: a file in the autostart folder (Desktop Application Autostart Specification), which desktops
// read. Whoever turns it off in the settings of the desktop writes `Hidden` or `X-GNOME-Autostart-enabled` into it.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { asBytes, removeOwnFile, writeOwnFile } from '../integrations/person-file.ts';
import type { LoginStart } from '../ports.ts';

/** `$XDG_CONFIG_HOME` counts only where it is absolute (XDG Base Directory Specification). */
export function autostartFile(environment: NodeJS.ProcessEnv): string {
  const asked = environment['XDG_CONFIG_HOME'] ?? '';
  const config = path.isAbsolute(asked)
    ? asked
    : path.join(environment['HOME'] ?? homedir(), '.config');
  return path.join(config, 'autostart', 'banyan.desktop');
}

export function xdgLoginStart(options: { file: string; command: readonly string[] }): LoginStart {
  const { file, command } = options;
  return {
    async isOn() {
      const text = await readFile(file, 'utf8').catch(() => ''); // none, or none that a desktop could read either
      return (
        /^Exec=./m.test(text) && !/^(?:Hidden=true|X-GNOME-Autostart-enabled=false)\s*$/m.test(text)
      );
    },
    async set(isOn) {
      if (isOn) await writeOwnFile(file, asBytes(entry(command)));
      else await removeOwnFile(file);
    },
  };
}

const entry = (command: readonly string[]): string =>
  [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Banyan',
    'Comment=Reach the services of your organisation',
    `Exec=${command.map(quoted).join(' ')}`,
    'Icon=banyan-app',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');

/**
 * As the Desktop Entry Specification wants arguments: in quotes, with a backslash before `"`, `` ` ``, `$` and `\`; then, as
 * the value of a key, every backslash once more. `%` begins a field code.
 */
function quoted(argument: string): string {
  const inQuotes = argument.replaceAll(/["`$\\]/g, (character) => `\\${character}`);
  return `"${inQuotes.replaceAll('\\', '\\\\').replaceAll('%', '%%')}"`;
}
