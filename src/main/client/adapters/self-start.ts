// What starts the client by itself on Linux, for who leaves the last organisation: from then on it would start for nothing.
import { removeOwnFile } from '../integrations/person-file.ts';
import type { SelfStart } from '../ports.ts';
import { defaultHome } from '../settings/layout.ts';
import { removeUnitOf, unitFile } from './systemd-unit.ts';
import { autostartFile } from './xdg-autostart.ts';

export function linuxSelfStart(home: string, environment: NodeJS.ProcessEnv): SelfStart {
  const { BANYAN_HOME: _, ...usual } = environment;
  const isUsual = home === defaultHome('linux', usual);
  return {
    async remove() {
      // It names no folder: what it starts is the client of the usual one.
      if (isUsual) await removeOwnFile(autostartFile(environment));
      await removeUnitOf(home, isUsual, unitFile(environment));
    },
  };
}
