// `ports.json` of the active organisation: ports chosen once and kept, and the person's own.
import { AppError } from '../../../shared/errors.ts';
import type { Log } from '../ports.ts';
import { type PortsFile, portsFile } from '../settings/files.ts';
import { jsonFile } from '../settings/json-file.ts';
import type { SavedPorts } from './port-choice.ts';

const NONE: PortsFile = { version: 1, chosen: {}, overrides: {} };

export interface SavedPortsFile {
  current(): SavedPorts;
  /** Another organisation, or none. */
  use(file: string | null): Promise<void>;
  keepChosen(service: string, port: number): Promise<void>;
  setOverride(service: string, port: number | null): Promise<void>;
}

export function createSavedPorts(log: Log): SavedPortsFile {
  let path: string | null = null;
  let current = NONE;

  async function save(next: PortsFile): Promise<void> {
    if (path !== null) await jsonFile(path, portsFile, log).write(next);
    current = next;
  }

  return {
    current: () => current,
    async use(file) {
      if (file === path) return;
      path = file;
      current = NONE;
      if (file === null) return;
      try {
        current = (await jsonFile(file, portsFile, log).read()) ?? NONE;
      } catch (error) {
        // Set aside and logged. Services are still usable, only on other ports.
        if (!(error instanceof AppError)) throw error;
        log.error('the saved ports are lost', { error });
      }
    },
    keepChosen: (service, port) =>
      save({ ...current, chosen: { ...current.chosen, [service]: port } }),
    setOverride(service, port) {
      const { [service]: _, ...others } = current.overrides;
      return save({
        ...current,
        overrides: port === null ? others : { ...others, [service]: port },
      });
    },
  };
}
