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
  let writes: Promise<void> = Promise.resolve();

  /** One write after the other, each of what is true when its turn comes: several services open at once. */
  function save(change: (before: PortsFile) => PortsFile): Promise<void> {
    const file = path;
    const done = writes.then(async () => {
      if (file !== path) return; // of an organisation that was left meanwhile
      const changed = change(current);
      if (file !== null) await jsonFile(file, portsFile, log).write(changed);
      if (file === path) current = changed;
    });
    writes = done.catch(() => {}); // told to this caller; the next write is not to blame
    return done;
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
      save((before) => ({ ...before, chosen: { ...before.chosen, [service]: port } })),
    setOverride: (service, port) =>
      save((before) => {
        const { [service]: _, ...others } = before.overrides;
        return { ...before, overrides: port === null ? others : { ...others, [service]: port } };
      }),
  };
}
