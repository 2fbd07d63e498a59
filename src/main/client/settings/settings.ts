// `settings.json`: which organisation is active, and what a person may set by hand.
import type { z } from '../../../shared/schema.ts';
import type { Log } from '../ports.ts';
import { settingsFile } from './files.ts';
import { jsonFile } from './json-file.ts';

type SettingsFile = z.output<typeof settingsFile>;

export interface Settings {
  /** As read last. */
  current(): SettingsFile;
  /** null: no such file. Throws as any JSON file of ours does. */
  read(): Promise<SettingsFile | null>;
  /** Keeps everything else. */
  setActive(organisation: string | null): Promise<void>;
}

export function createSettings(path: string, log: Log): Settings {
  const file = jsonFile(path, settingsFile, log);
  let current: SettingsFile = { version: 1, activeOrganisation: null };

  async function read(): Promise<SettingsFile | null> {
    const found = await file.read();
    if (found) current = found;
    return found;
  }

  return {
    current: () => current,
    read,
    async setActive(activeOrganisation) {
      // Somebody may have edited it meanwhile. What cannot be read is set aside there, or refuses to be written below.
      await read().catch((error: unknown) => log.warn('the settings were not read', { error }));
      const next = { ...current, activeOrganisation };
      await file.write(next);
      current = next;
    },
  };
}
