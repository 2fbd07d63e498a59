// Starts programs of this computer for services that are connected: which one, and nothing else, is the window's to say.
import path from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import { type ClientProgram, programsFor } from '../../../shared/model/client-program.ts';
import { type ConfigEntry, kubeconfigs, type Programs } from '../../../shared/model/program.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { Launcher } from '../ports.ts';
import { writeAtomically } from '../settings/atomic-write.ts';
import type { State } from '../state.ts';
import { firefoxPreferences, launchOf } from './launches.ts';

export interface LaunchingOptions {
  state: State;
  launcher: Launcher;
  /** Of this organisation. */
  browsers: string;
  /** Folder of the `login-*` files. */
  certificates: string;
  look: () => Promise<Programs>;
}

export async function launchProgram(
  { state, launcher, browsers, certificates, look }: LaunchingOptions,
  id: string,
  program: ClientProgram,
): Promise<void> {
  const { catalog, tunnels } = state.slices;
  const service = catalog.services.find((each) => each.id === id);
  if (!service) throw new AppError('catalog/service-not-found', `There is no service ${id}.`);
  const seen = await look();
  const entryIn = (entries: Programs['ssh']): ConfigEntry | undefined =>
    entries?.entries.find((entry) => entry.service === id);
  const sshEntry = entryIn(seen.ssh)?.name;
  if (!programsFor(service, sshEntry).includes(program)) throw cannotUse(service, program);
  const tunnel = tunnels.states[id];
  const address = tunnel?.status === 'open' ? tunnel.address : null;
  const profile = path.join(browsers, `${service.id}-${program}`);
  const launch = launchOf(program, service, address, {
    sshEntry,
    kubeconfigs: entryIn(seen.kubernetes) ? kubeconfigs(seen) : null,
    profile,
    certificates,
  });
  if (program === 'firefox' && address) {
    await writeAtomically(path.join(profile, 'user.js'), firefoxPreferences(address));
  }
  await launcher.start(launch);
}

const cannotUse = ({ friendlyName }: Service, program: ClientProgram): AppError =>
  new AppError('program/not-started', `${program} cannot be opened for ${friendlyName}.`);
