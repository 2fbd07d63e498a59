// Kubernetes services in kubeconfigs: clusters in a file of ours beside the person's, and a proxy for a cluster that she has.
import path from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { ConfigEntries } from '../../../shared/model/program.ts';
import type { Service } from '../../../shared/model/service.ts';
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import { readIfThere } from '../settings/json-file.ts';
import type { Layout } from '../settings/layout.ts';
import {
  type Cluster,
  clusterFor,
  clustersIn,
  isOurs,
  kubeconfigOf,
  type ProxyLine,
  proxyLinesIn,
  withProxyLine,
  withProxyLines,
} from './kubeconfig.ts';
import {
  asBytes,
  readPersonFile,
  restorePersonFile,
  writeOwnFile,
  writePersonFile,
} from './person-file.ts';

export interface KubeEntriesOptions {
  places: Layout;
  /** Of the active organisation. */
  organisation: string;
  /** Folder of the person. */
  personFolder: string;
  /** `host:port` of a service on this computer; null: its port is not chosen yet. */
  addressOf: (service: Service) => string | null;
  /** The same; throws `program/port-unknown`. */
  addressFor: (service: Service) => string;
}

export type KubeEntries = ReturnType<typeof createKubeEntries>;

export function createKubeEntries(options: KubeEntriesOptions) {
  const { places, organisation, personFolder, addressOf, addressFor } = options;
  /** What is on for this organisation, while another one is active too. */
  const own = places.organisation(organisation).kubeconfig;
  const shared = path.join(personFolder, '.kube', 'banyan');
  const personFile = path.join(personFolder, '.kube', 'config');

  const kept = async (): Promise<Cluster[]> =>
    clustersIn((await readIfThere(own))?.toString('utf8') ?? '');

  async function keep(clusters: readonly Cluster[]): Promise<void> {
    if (clusters.length === 0) await removeFile(own);
    else await writeAtomically(own, kubeconfigOf(withOwnNames(clusters)));
    await point();
  }

  /** The file that kubectl reads is that of this organisation. */
  async function point(): Promise<void> {
    const wanted = (await readIfThere(own))?.toString('latin1') ?? null;
    const now = await readPersonFile(shared);
    if (now === wanted) return;
    if (now !== null && !isOurs(now)) {
      if (wanted === null) return;
      throw new AppError(
        'client/storage-failed',
        `${shared} is not Banyan's, so it was left as it is.`,
        {
          details: { file: shared },
        },
      );
    }
    if (wanted === null) await restorePersonFile(shared, null);
    else await writeOwnFile(shared, wanted);
  }

  async function change(edit: (text: string) => string | Promise<string>): Promise<void> {
    const before = await readPersonFile(personFile);
    if (before === null) throw noKubeconfig(personFile);
    const after = await edit(before);
    if (after === before) return;
    if (proxyLinesIn(after).length > 0) await writePersonFile(personFile, after);
    else await restorePersonFile(personFile, after);
  }

  async function takeOut(isMeant: (line: ProxyLine) => boolean): Promise<void> {
    if ((await readPersonFile(personFile)) === null) return;
    await change((text) =>
      withProxyLines(text, (line) => (isOwn(line) && isMeant(line) ? null : line)),
    );
  }

  const isOwn = (line: { organisation: string }): boolean => line.organisation === organisation;

  return {
    /** Clusters of our own file. */
    async look(): Promise<ConfigEntries> {
      const text = await readPersonFile(shared).catch(() => null); // whoever changes it is told why
      const entries = text !== null && isOurs(text) ? clustersIn(text) : [];
      return { file: shared, entries: entries.map(({ service, name }) => ({ service, name })) };
    },

    /** Contexts of the person's own whose cluster goes through a service. */
    async lookAtContexts(): Promise<ConfigEntries> {
      const text = await readPersonFile(personFile).catch(() => null); // the same
      const entries = proxyLinesIn(text ?? '').filter(isOwn);
      return {
        file: personFile,
        entries: entries.map(({ service, context }) => ({ service, name: context })),
      };
    },

    async add(services: readonly Service[]): Promise<void> {
      const before = await kept();
      const added = services.map((service) => clusterFor(service, addressFor(service)));
      const others = before.filter(({ service }) => !added.some((one) => one.service === service));
      try {
        await keep([...others, ...added]);
      } catch (error) {
        await keep(before).catch(() => {}); // the first error is the one to tell
        throw error;
      }
    },

    /** null: every one. */
    async remove(service: string | null): Promise<void> {
      await keep((await kept()).filter((one) => service !== null && one.service !== service));
    },

    async addContext(service: Service, context: string): Promise<void> {
      const line = {
        organisation,
        service: service.id,
        context: asBytes(context),
        at: addressFor(service),
      };
      await change((text) => withProxyLine(text, line));
    },

    removeContext: (context: string): Promise<void> =>
      takeOut((line) => line.context === asBytes(context)),

    /** null: of every service. */
    removeContexts: (service: string | null): Promise<void> =>
      takeOut((line) => service === null || line.service === service),

    /** What the catalogue and the ports are now. */
    async renew(services: readonly Service[]): Promise<void> {
      const of = (id: string): Service | undefined => services.find((each) => each.id === id);
      const before = await kept();
      const now = before.flatMap((cluster) => {
        const service = of(cluster.service);
        if (!service) return [cluster]; // it may come back
        return mayHaveCluster(service)
          ? [clusterFor(service, addressOf(service) ?? cluster.at)]
          : [];
      });
      const isNews = kubeconfigOf(withOwnNames(now)) !== kubeconfigOf(before);
      if (before.length > 0 && isNews) await keep(now);
      const text = await readPersonFile(personFile);
      if (text === null || !proxyLinesIn(text).some(isOwn)) return;
      await change((current) =>
        withProxyLines(current, (line) => {
          const service = isOwn(line) ? of(line.service) : undefined;
          return { at: (service && addressOf(service)) ?? line.at };
        }),
      );
    },

    /** This organisation has become the active one. */
    point,
  };
}

/** Two of one name, and kubectl would refuse every file that it reads beside this one. */
function withOwnNames(clusters: readonly Cluster[]): Cluster[] {
  const taken = new Set<string>();
  return clusters.map((cluster) => {
    const name = taken.has(cluster.name) ? `${cluster.name}@${cluster.service}` : cluster.name;
    taken.add(name);
    return { ...cluster, name };
  });
}

/** Without the cluster's own authority there is nothing that a kubeconfig of ours could say. */
export const mayHaveCluster = (service: Service): boolean =>
  mayHaveContext(service) && service.kubeCa !== undefined;

export const mayHaveContext = (service: Service): boolean =>
  service.type === 'K8S' && service.mode === 'CHAIN';

const noKubeconfig = (file: string): AppError =>
  new AppError('program/entry-not-allowed', `There is no kubeconfig at ${file}.`);
