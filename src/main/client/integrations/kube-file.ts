// `~/.kube/banyan`, which is ours and which kubectl may write anew: without our head and comments, and with what a person
// has set in it by `kubectl config` (who she is in a context, its namespace, the context that is used).
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import { readIfThere } from '../settings/json-file.ts';
import { z } from '../../../shared/schema.ts';
import {
  type Cluster,
  clustersIn,
  isOurs,
  kubeconfigOf,
  type Personal,
  type Plugin,
  pluginArguments,
} from './kubeconfig.ts';
import { notBanyans } from './kube-refusals.ts';
import { readPersonFile, removeOwnFile, writeOwnFile } from './person-file.ts';

export interface KubeFileOptions {
  file: string;
  /** What was last written there; another folder of ours has another one. */
  copy: string;
  /** null: the organisation has no tokens for clusters. */
  plugin: () => Plugin | null;
}

/** As kubectl writes them; what else is in there is not looked at. */
const readable = z.object({
  clusters: z
    .array(z.object({ name: z.string(), cluster: z.object({ server: z.string().default('') }) }))
    .nullish(),
  contexts: z
    .array(
      z.object({
        name: z.string(),
        context: z.object({
          cluster: z.string(),
          user: z.string().optional(),
          namespace: z.string().optional(),
        }),
      }),
    )
    .nullish(),
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z
          .object({ exec: z.object({ args: z.array(z.string()) }) })
          .nullish()
          .catch(null),
      }),
    )
    .nullish(),
  'current-context': z.string().nullish(),
});

export function createKubeFile({ file, copy, plugin }: KubeFileOptions) {
  const written = async (): Promise<string | null> =>
    (await readIfThere(copy))?.toString('latin1') ?? null;

  async function isKnown(now: string): Promise<boolean> {
    if (isOurs(now)) return true;
    const known = await written();
    return known !== null && (await hasOnly(now, clustersIn(known)));
  }

  return {
    file,

    /** Whether what stands there is what we have put there. */
    async isOn(): Promise<boolean> {
      const now = await readPersonFile(file).catch(() => null); // whoever changes it is told why
      return now !== null && isKnown(now);
    },

    async write(clusters: readonly Cluster[]): Promise<void> {
      const now = await readPersonFile(file);
      if (now !== null && !(await isKnown(now))) throw notBanyans(file);
      const wanted = kubeconfigOf(clusters, plugin(), now === null ? {} : await personalIn(now));
      const text = Buffer.from(wanted, 'utf8').toString('latin1');
      if (now === text && (await written()) === text) return;
      await writeAtomically(copy, Buffer.from(text, 'latin1'));
      await writeOwnFile(file, text);
    },

    /** Only what this folder of ours has put there. */
    async remove(): Promise<void> {
      if ((await written()) === null) return;
      const now = await readPersonFile(file);
      if (now !== null && (await isKnown(now))) await removeOwnFile(file);
      await removeFile(copy);
    },
  };
}

async function parsed(text: string): Promise<z.output<typeof readable> | null> {
  const { parse } = await import('yaml');
  try {
    const read = readable.safeParse(parse(Buffer.from(text, 'latin1').toString('utf8')));
    return read.success ? read.data : null;
  } catch {
    return null; // no YAML: not what kubectl has written
  }
}

async function hasOnly(text: string, clusters: readonly Cluster[]): Promise<boolean> {
  const content = await parsed(text);
  if (!content) return false;
  const isOne = (name: string): boolean => clusters.some((each) => each.name === name);
  // Users of ours run our command; any other one holds credentials of hers.
  const areOurs = (content.users ?? []).every(
    ({ name, user }) =>
      clusters.some(({ service }) => service === name) &&
      user?.exec.args.slice(-2).join(' ') === pluginArguments(name).join(' '),
  );
  return (
    areOurs &&
    (content.clusters ?? []).every(({ name, cluster }) =>
      clusters.some((each) => each.name === name && each.server === cluster.server),
    ) &&
    (content.contexts ?? []).every(({ context }) => isOne(context.cluster))
  );
}

async function personalIn(text: string): Promise<Personal> {
  const content = await parsed(text);
  const contexts = (content?.contexts ?? []).map(
    ({ name, context: { user, namespace } }) => [name, { user, namespace }] as const,
  );
  const current = content?.['current-context'];
  return { contexts: new Map(contexts), ...(current && { current }) };
}
