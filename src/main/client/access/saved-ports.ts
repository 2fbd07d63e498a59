// `ports.json` of the active organisation: ports chosen once and kept, and the person's own.
import { AppError } from '../../../shared/errors.ts';
import { USUAL_HOST } from '../../../shared/model/listen-address.ts';
import type { Log } from '../ports.ts';
import { type PortsFile, portsFile } from '../settings/files.ts';
import type { LocalAddress } from '../../../shared/model/tunnel.ts';
import { jsonFile } from '../settings/json-file.ts';
import type { SavedPorts } from './port-choice.ts';

const NONE: PortsFile = { version: 1, chosen: {}, overrides: {}, hosts: {} };

export interface SavedPortsFile {
  current(): SavedPorts;
  /** Another organisation, or none. */
  use(file: string | null): Promise<void>;
  keepChosen(service: string, port: number): Promise<void>;
  setOverride(service: string, listen: LocalAddress | null): Promise<void>;
}

export function createSavedPorts(log: Log): SavedPortsFile {
  let path: string | null = null;
  let current = NONE;
  let turns: Promise<void> = Promise.resolve();

  /** One after the other: two services that open at once must not take each other's port out of the file. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turns.then(work);
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  function save(change: (ports: PortsFile) => PortsFile): Promise<void> {
    const file = path;
    return inTurn(async () => {
      if (file !== path) return; // of an organisation that was left meanwhile
      const next = change(current);
      if (file !== null) await jsonFile(file, portsFile, log).write(next);
      current = next;
    });
  }

  async function read(file: string | null): Promise<void> {
    if (file === path) return;
    path = file;
    current = NONE;
    if (file === null) return;
    try {
      current = (await jsonFile(file, portsFile, log).read()) ?? NONE;
    } catch (error) {
      // Services are still usable, only on other ports.
      if (!(error instanceof AppError)) throw error;
      // Not set aside, so still there: what is chosen now is kept in memory only.
      if (error.code !== 'client/storage-corrupt') path = null;
      log.error('the saved ports are lost', { error });
    }
  }

  return {
    current: () => current,
    use: (file) => inTurn(() => read(file)),
    keepChosen: (service, port) =>
      save((ports) => ({ ...ports, chosen: { ...ports.chosen, [service]: port } })),
    setOverride: (service, listen) =>
      save((ports) => {
        const { [service]: _port, ...overrides } = ports.overrides;
        const { [service]: _host, ...hosts } = ports.hosts;
        if (listen === null) return { ...ports, overrides, hosts };
        return {
          ...ports,
          overrides: { ...overrides, [service]: listen.port },
          hosts: listen.host === USUAL_HOST ? hosts : { ...hosts, [service]: listen.host },
        };
      }),
  };
}
