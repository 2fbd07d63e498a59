// Clusters of the person's own kubeconfig that go through a service, by one line in each. kubectl writes that file anew when it
// changes anything, and drops comments: so what was put where is kept in our own folder, and the mark beside the line is
// for people to read. Of all organisations in one file: what one of them has left is still to be seen and taken out.
import path from 'node:path';
import type { ConfigEntries } from '../../../shared/model/program.ts';
import type { Service } from '../../../shared/model/service.ts';
import { z } from '../../../shared/schema.ts';
import type { Log } from '../ports.ts';
import { jsonFile } from '../settings/json-file.ts';
import type { Layout } from '../settings/layout.ts';
import {
  type FoundProxy,
  proxiesIn,
  withoutProxies,
  withProxyLine,
  withUrls,
} from './kubeconfig.ts';
import { asBytes, editPersonFile, readPersonFile } from './person-file.ts';
import { noKubeconfig } from './kube-refusals.ts';

const text = z.string().max(4_000);
const kubeProxiesFile = z.object({
  version: z.literal(1),
  proxies: z.array(
    z.object({
      /** The person's kubeconfig. */
      file: text,
      organisation: text,
      service: text,
      /** The context that was named, for her to name it again. */
      context: text,
      cluster: text,
      /** What may stand there, `host:port`, the newest first: between two writes it is either. */
      at: z.array(text).max(2),
    }),
  ),
});
type Kept = z.output<typeof kubeProxiesFile>['proxies'][number];

export interface KubeProxiesOptions {
  places: Layout;
  organisation: string;
  personFile: string;
  addressOf: (service: Service) => string | null;
  addressFor: (service: Service) => string;
  log: Log;
}

/** One that stands in the file. */
interface Ours {
  found: FoundProxy;
  organisation: string;
  service: string;
  context: string;
}

export function createKubeProxies(options: KubeProxiesOptions) {
  const { places, organisation, personFile, addressOf, addressFor, log } = options;
  const record = jsonFile(places.kubeProxies, kubeProxiesFile, log);

  const kept = async (): Promise<Kept[]> => (await record.read())?.proxies ?? [];
  const keep = (proxies: readonly Kept[]): Promise<void> =>
    proxies.length === 0 ? record.remove() : record.write({ version: 1, proxies: [...proxies] });

  /** Of every organisation, as the file is now. What she has set to something else since is hers. */
  async function oursIn(content: string): Promise<Ours[]> {
    const known = (await kept()).filter(({ file }) => file === personFile);
    return (await proxiesIn(content)).flatMap((found): Ours[] => {
      if (found.mark) return [{ found, ...found.mark }];
      const one = known.find(
        ({ cluster, at }) => cluster === found.cluster && at.includes(found.at),
      );
      return one ? [{ found, ...one }] : [];
    });
  }

  const edit = (change: (content: string) => Promise<string>): Promise<void> =>
    editPersonFile(
      personFile,
      (content) => (content === null ? content : change(content)),
      async (content) => (await oursIn(content)).length > 0,
    );

  async function takeOut(isMeant: (line: Omit<Ours, 'found'>) => boolean): Promise<void> {
    await edit(async (content) =>
      withoutProxies(
        content,
        (await oursIn(content)).filter(isMeant).map(({ found }) => found),
      ),
    );
    const before = await kept();
    const left = before.filter((one) => one.file !== personFile || !isMeant(one));
    if (left.length < before.length) await keep(left);
  }

  const isOwn = (line: { organisation: string }): boolean => line.organisation === organisation;

  return {
    async look(): Promise<ConfigEntries> {
      const content = await readPersonFile(personFile).catch(() => null); // whoever changes it is told why
      const ours = content === null ? [] : await oursIn(content);
      return {
        file: personFile,
        entries: ours.map((line) => ({
          service: line.service,
          name: Buffer.from(line.context, 'latin1').toString('utf8'),
          ...(!isOwn(line) && { organisation: line.organisation }),
        })),
      };
    },

    async add(service: Service, name: string): Promise<void> {
      const at = addressFor(service);
      const context = asBytes(name);
      const line = { organisation, service: service.id, context, at };
      const before = await kept();
      try {
        await editPersonFile(
          personFile,
          async (content) => {
            if (content === null) throw noKubeconfig(personFile);
            const { text: changed, cluster } = await withProxyLine(content, line);
            await keep([...before, { ...line, file: personFile, cluster, at: [at] }]);
            return changed;
          },
          async (content) => (await oursIn(content)).length > 0,
        );
      } catch (error) {
        await keep(before).catch(() => {}); // the first error is the one to tell
        throw error;
      }
    },

    /** Of whichever organisation: it is her file. */
    remove: (context: string): Promise<void> =>
      takeOut((line) => line.context === asBytes(context)),

    /** null: of every service of this organisation. */
    removeOf: (service: string | null): Promise<void> =>
      takeOut((line) => isOwn(line) && (service === null || line.service === service)),

    /** The ports are other ones now. */
    async renew(services: readonly Service[]): Promise<void> {
      const content = await readPersonFile(personFile);
      if (content === null) return;
      const addressNow = ({ service: id }: { service: string }): string | null => {
        const service = services.find((each) => each.id === id);
        return service ? addressOf(service) : null;
      };
      const moved = (await oursIn(content)).filter(isOwn).filter((line) => {
        const now = addressNow(line);
        return now !== null && now !== line.found.at;
      });
      if (moved.length === 0) return;
      const clusters = moved.map(({ found }) => found.cluster);
      const withNew = (one: Kept): Kept => {
        const now = isOwn(one) && clusters.includes(one.cluster) ? addressNow(one) : null;
        return now === null ? one : { ...one, at: [now, ...one.at].slice(0, 2) };
      };
      await keep((await kept()).map(withNew));
      await edit(async (current) => {
        const lines = (await oursIn(current)).filter(isOwn);
        return withUrls(
          current,
          lines.map((line) => ({ found: line.found, at: addressNow(line) ?? line.found.at })),
        );
      });
    },

    /** What organisations have left that are registered no more; marks alone may be of another folder of ours. */
    async sweep(registered: readonly string[]): Promise<void> {
      const left = (await kept()).filter((one) => !registered.includes(one.organisation));
      if (left.length === 0) return;
      await takeOut((line) =>
        left.some((one) => one.organisation === line.organisation && one.context === line.context),
      );
    },
  };
}

export type KubeProxies = ReturnType<typeof createKubeProxies>;

export const personKubeconfig = (folder: string): string => path.join(folder, '.kube', 'config');
