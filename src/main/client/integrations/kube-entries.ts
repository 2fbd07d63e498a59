// Kubernetes services as clusters in a kubeconfig of ours, beside the person's.
import path from 'node:path';
import type { ConfigEntries } from '../../../shared/model/program.ts';
import type { Service } from '../../../shared/model/service.ts';
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import { readIfThere } from '../settings/json-file.ts';
import type { Layout } from '../settings/layout.ts';
import { type Cluster, clusterFor, clustersIn, kubeconfigOf, type Plugin } from './kubeconfig.ts';
import { createKubeFile } from './kube-file.ts';

export interface KubeEntriesOptions {
  places: Layout;
  /** Of the active organisation. */
  organisation: string;
  /** Folder of the person. */
  personFolder: string;
  /** null: the organisation has no tokens for clusters. */
  plugin: () => Plugin | null;
  /** `host:port` of a service on this computer; null: its port is not chosen yet. */
  addressOf: (service: Service) => string | null;
  /** The same; throws `program/port-unknown`. */
  addressFor: (service: Service) => string;
}

export type KubeEntries = ReturnType<typeof createKubeEntries>;

export function createKubeEntries(options: KubeEntriesOptions) {
  const { places, organisation, personFolder, plugin, addressOf, addressFor } = options;
  /** What is on for this organisation, while another one is active too. */
  const own = places.organisation(organisation).kubeconfig;
  const shared = createKubeFile({
    file: path.join(personFolder, '.kube', 'banyan'),
    copy: places.kubeconfig,
    plugin,
  });

  const kept = async (): Promise<Cluster[]> =>
    clustersIn((await readIfThere(own))?.toString('utf8') ?? '');

  async function keep(clusters: readonly Cluster[]): Promise<void> {
    if (clusters.length === 0) await removeFile(own);
    else await writeAtomically(own, kubeconfigOf(withOwnNames(clusters), null));
    await point();
  }

  /** The file that kubectl reads is that of this organisation. */
  async function point(): Promise<void> {
    const wanted = await kept();
    await (wanted.length === 0 ? shared.remove() : shared.write(wanted));
  }

  return {
    /** Clusters of our own file. */
    async look(): Promise<ConfigEntries> {
      const entries = (await shared.isOn()) ? await kept() : [];
      return {
        file: shared.file,
        entries: entries.map(({ service, name }) => ({ service, name })),
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
      const isNews = kubeconfigOf(withOwnNames(now), null) !== kubeconfigOf(before, null);
      if (before.length > 0 && isNews) await keep(now);
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
