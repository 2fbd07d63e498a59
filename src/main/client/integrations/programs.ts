// Programs of this computer and the active organisation: what stands in their configurations.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { AppError, toWireError } from '../../../shared/errors.ts';
import { USUAL_HOST } from '../../../shared/model/listen-address.ts';
import type { Programs } from '../../../shared/model/program.ts';
import type { Service } from '../../../shared/model/service.ts';
import { formatHostPort } from '../../../shared/protocol/host-port.ts';
import type { ClientPorts, ProgramPlaces } from '../ports.ts';
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import type { Layout } from '../settings/layout.ts';
import type { State } from '../state.ts';
import type { InputOf } from '../../../shared/ipc/contract.ts';
import {
  createKubeEntries,
  type KubeEntries,
  mayHaveCluster,
  mayHaveContext,
} from './kube-entries.ts';
import { launchProgram } from './launching.ts';
import { createKubeProxies, type KubeProxies, personKubeconfig } from './kube-proxies.ts';
import { mayHaveRdpFile, rdpFile, saveRdpFile } from './rdp.ts';
import { createSshEntries, mayHaveEntry, type SshEntries } from './ssh-entries.ts';

export interface ProgramsOptions {
  ports: Pick<ClientPorts, 'log' | 'programs'>;
  places: Layout;
  state: State;
  /** As the organisation is now. */
  givesKubeTokens: () => boolean;
}

/** null: nothing of that kind here. */
interface Kept {
  ssh: SshEntries;
  kubernetes: KubeEntries;
  proxies: KubeProxies;
  browsers: string;
}

export function createPrograms(options: ProgramsOptions) {
  const { ports, places: ownPlaces, state, givesKubeTokens } = options;
  const { log, programs } = ports;
  let kept: Kept | null = null;
  let turns: Promise<unknown> = Promise.resolve();

  /** One after the other: what one has written must not be missing in what the next one writes. */
  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = turns.then(work);
    turns = done.catch(() => {}); // told to this caller; the next one is not to blame
    return done;
  }

  /** What nobody waits for: the files then stay as they are. */
  const inBackground = (what: string, work: () => Promise<unknown>): Promise<void> =>
    inTurn(work).then(
      () => {},
      (error: unknown) => log.warn(`could not ${what}`, { error }),
    );

  function usable(): Kept {
    if (kept) return kept;
    throw new AppError('program/not-installed', 'This client adds nothing to other programs.');
  }

  const look = async (): Promise<Programs> => ({
    // Without a banyanproxy a switch could only be refused.
    ssh: kept && programs?.banyanproxy ? await kept.ssh.look() : null,
    kubernetes: kept ? await kept.kubernetes.look() : null,
    contexts: kept ? await kept.proxies.look() : null,
    installed: programs?.launcher?.installed() ?? [],
  });

  function addressFor(service: Service): string {
    const address = addressOf(service);
    if (address !== null) return address;
    throw new AppError(
      'program/port-unknown',
      `${service.friendlyName} has no local port yet: one is chosen when you first connect.`,
    );
  }

  /** `host:port`; null: its port is not chosen yet. */
  function addressOf({ id, assignedPort }: Service): string | null {
    const { host = USUAL_HOST, port = assignedPort } = state.slices.tunnels.ports[id] ?? {};
    return port === null ? null : formatHostPort({ host, port });
  }

  /** All that there are for a kind of entry, or the one that is named. */
  function chosen(id: string | null, may: (service: Service) => boolean): Service[] {
    const { services } = state.slices.catalog;
    if (id === null) {
      const all = services.filter(may);
      if (all.length > 0) return all;
      throw new AppError(
        'program/entry-not-allowed',
        'None of your services can have such an entry.',
      );
    }
    const service = services.find((each) => each.id === id);
    if (!service) throw new AppError('catalog/service-not-found', `There is no service ${id}.`);
    if (may(service)) return [service];
    throw new AppError(
      'program/entry-not-allowed',
      service.keepsOutOfSshConfig
        ? `Your administrator wants no entry for ${service.friendlyName}.`
        : service.type === 'K8S' && service.kubeCa === undefined
          ? `${service.friendlyName} comes without its cluster's certificate. It can be the proxy of a context that you have: banyan kubeconfig on ${service.name} --context NAME.`
          : `${service.friendlyName} is not a service of that kind.`,
    );
  }

  /** One that was never connected, or may not be, keeps the others out of nothing. */
  function withPort(services: readonly Service[]): readonly Service[] {
    const known = services.filter((service) => addressOf(service) !== null);
    return known.length > 0 ? known : services;
  }

  function entriesOf(
    { personFolder, banyanproxy, banyan }: ProgramPlaces,
    organisation: string,
  ): Kept {
    const common = { places: ownPlaces, organisation, personFolder };
    const addresses = { addressOf, addressFor };
    const personFile = personKubeconfig(personFolder);
    return {
      ssh: createSshEntries({ ...common, proxy: banyanproxy }),
      kubernetes: createKubeEntries({
        ...common,
        ...addresses,
        plugin: () => (givesKubeTokens() ? { banyan, home: ownPlaces.home } : null),
      }),
      proxies: createKubeProxies({ ...common, ...addresses, personFile, log }),
      browsers: path.join(ownPlaces.browsers, organisation),
    };
  }

  function remoteDesktop(id: string): { name: string; content: Buffer } {
    const [service] = chosen(id, mayHaveRdpFile);
    if (!service) throw new AppError('catalog/service-not-found', `There is no service ${id}.`);
    return { name: service.name, content: rdpFile(service, addressFor(service)) };
  }

  function places(): ProgramPlaces {
    if (programs) return programs;
    throw new AppError('program/not-installed', 'This client writes nothing for other programs.');
  }

  return {
    look: () => inTurn(look),

    /** null: every SSH service. */
    setSsh: (service: string | null, isOn: boolean): Promise<Programs> =>
      inTurn(async () => {
        const { ssh } = usable();
        if (isOn) {
          ssh.requireProxy();
          await ssh.add(chosen(service, mayHaveEntry));
        } else await ssh.remove(service);
        return look();
      }),

    setKubernetes: ({
      service,
      isOn,
      context,
    }: InputOf<'program.setKubernetes'>): Promise<Programs> =>
      inTurn(async () => {
        const { kubernetes, proxies } = usable();
        if (context !== undefined && !isOn) await proxies.remove(context);
        else if (context !== undefined) {
          await proxies.add(theOnly(chosen(service, mayHaveContext)), context);
        } else if (isOn) await kubernetes.add(withPort(chosen(service, mayHaveCluster)));
        else {
          await kubernetes.remove(service);
          await proxies.removeOf(service);
        }
        return look();
      }),

    saveRdp(id: string): Promise<string> {
      const { name, content } = remoteDesktop(id);
      return saveRdpFile(places().downloads(), name, content);
    },

    async openRdp(id: string): Promise<void> {
      const { name, content } = remoteDesktop(id);
      const { openFile } = places();
      if (!openFile) throw new AppError('program/not-installed', 'Nothing opens files here.');
      const file = path.join(ownPlaces.remoteDesktops, `${name}.rdp`);
      await writeAtomically(file, content);
      await openFile(file).catch((cause: unknown) => {
        const why = 'This computer has no program for remote desktops that opens .rdp files.';
        throw new AppError('program/not-installed', why, { cause });
      });
    },

    launch: ({ service, program }: InputOf<'program.launch'>): Promise<void> =>
      inTurn(async () => {
        const { launcher } = places();
        if (!kept || !launcher) {
          throw new AppError('program/not-installed', 'This client starts no programs.');
        }
        const { browsers } = kept;
        const facts = { state, launcher, browsers, certificates: ownPlaces.home, look };
        await launchProgram(facts, service, program);
      }),

    /** This organisation is the active one; null: none is. */
    async start(organisation: string | null): Promise<void> {
      if (!programs) return;
      const made = entriesOf(programs, organisation ?? 'none');
      if (organisation !== null) kept = made;
      const { ssh, kubernetes, proxies } = made;
      const registered = await readdir(ownPlaces.organisations).catch(() => []); // none yet
      await inBackground('turn to the SSH entries of this organisation', () => ssh.point());
      await inBackground('turn to its clusters', () => kubernetes.point());
      // A process that was killed has taken nothing out.
      await inBackground('sweep up SSH entries', () => ssh.sweep());
      await inBackground('sweep up proxies', () => proxies.sweep(registered));
    },

    renew(services: readonly Service[]): void {
      if (!kept) return;
      const { ssh, kubernetes, proxies } = kept;
      void inBackground('renew the SSH entries', () => ssh.renew(services));
      void inBackground('renew the clusters', () => kubernetes.renew(services));
      void inBackground('renew the proxies', () => proxies.renew(services));
    },

    /** The organisation is left: nothing of it stays in the person's files. Says what could not be taken out. */
    async leave(): Promise<string[]> {
      if (!kept) return [];
      const { ssh, kubernetes, proxies, browsers } = kept;
      const left: string[] = [];
      const take = (what: string, work: () => Promise<void>): Promise<void> =>
        inBackground(`take ${what} out`, () =>
          work().catch((error: unknown) => {
            left.push(`${what} could not be taken out. ${toWireError(error).message}`);
            throw error;
          }),
        );
      await take('The line for SSH', () => ssh.remove(null));
      await take('Clusters', () => kubernetes.remove(null));
      await take('Lines in your kubeconfig', () => proxies.removeOf(null));
      await take('.rdp files', () => removeFile(ownPlaces.remoteDesktops));
      await take('Profiles of browsers', () => removeFile(browsers));
      return left;
    },

    /** What has been begun is done. */
    settled: (): Promise<void> => inBackground('finish', () => Promise.resolve()),
  };
}

function theOnly(services: readonly Service[]): Service {
  const [service, another] = services;
  if (service && !another) return service;
  throw new AppError('usage/invalid-input', 'Say which Kubernetes service it goes through.');
}
