// SSH services in the person's own SSH configuration. The files are the truth, so that what is shown stays true after
// somebody has edited them: an entry is on when it is in the file of the organisation that is active, and hers includes it.
//
//   ~/.ssh/config ──Include──► <home>/ssh_config ──Include──► <home>/orgs/<active>/ssh_config
//
// The one in the middle changes with the organisation; the person's own is touched twice in its life.
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../../../shared/errors.ts';
import type { Service } from '../../../shared/model/service.ts';
import type { ConfigEntries } from '../../../shared/model/program.ts';
import { removeFile, writeAtomically } from '../settings/atomic-write.ts';
import { readIfThere } from '../settings/json-file.ts';
import type { Layout } from '../settings/layout.ts';
import { asBytes, editPersonFile, readPersonFile } from './person-file.ts';
import {
  entriesIn,
  type Entry,
  entryFor,
  fileOf,
  includeLine,
  includes,
  withInclude,
  withoutInclude,
} from './ssh-config.ts';

export interface SshEntriesOptions {
  places: Layout;
  /** Of the active organisation. */
  organisation: string;
  /** Folder of the person. */
  personFolder: string;
  /** How banyanproxy is started; null: there is none with this client. */
  proxy: readonly string[] | null;
}

export type SshEntries = ReturnType<typeof createSshEntries>;

export function createSshEntries(options: SshEntriesOptions) {
  const { places, organisation, personFolder, proxy } = options;
  const own = places.organisation(organisation).sshConfig;
  const personFile = path.join(personFolder, '.ssh', 'config');
  const include = asBytes(includeLine(places.sshConfig));

  const textOf = async (file: string): Promise<string> =>
    (await readIfThere(file))?.toString('utf8') ?? '';
  const entries = async (): Promise<Entry[]> => entriesIn(await textOf(own));

  async function look(): Promise<ConfigEntries> {
    const content = await readPersonFile(personFile).catch(() => null); // whoever changes it is told why
    const included = includes(content, include) ? await entries() : [];
    return {
      file: personFile,
      entries: included.map(({ service, hosts }) => ({ service, name: hosts })),
    };
  }

  async function keep(kept: readonly Entry[]): Promise<void> {
    if (kept.length === 0) await removeFile(own);
    else await writeAtomically(own, fileOf(kept));
    await point();
  }

  /** The file in the middle includes those of this organisation and of no other one. */
  async function point(): Promise<void> {
    const wanted = (await readIfThere(own)) ? `${includeLine(own)}\n` : '';
    if ((await textOf(places.sshConfig)) === wanted) return;
    if (wanted) await writeAtomically(places.sshConfig, wanted);
    else await removeFile(places.sshConfig);
  }

  const hasOurs = (content: string): boolean => includes(content, include);

  async function included(): Promise<void> {
    await editPersonFile(
      personFile,
      (content) => (includes(content, include) ? content : withInclude(content, include)),
      hasOurs,
    );
  }

  /** Where no organisation has an entry any more. */
  async function takenOut(): Promise<void> {
    if (await anyEntry()) return;
    await editPersonFile(
      personFile,
      (content) =>
        content !== null && includes(content, include) ? withoutInclude(content, include) : content,
      hasOurs,
    );
  }

  async function anyEntry(): Promise<boolean> {
    const ids = await readdir(places.organisations).catch(() => []); // none is left
    const files = await Promise.all(ids.map((id) => textOf(places.organisation(id).sshConfig)));
    return files.some((text) => entriesIn(text).length > 0);
  }

  return {
    look,

    /** First the person's own file: where it cannot be written, nothing has changed. */
    /** Says what is missing before it is asked which services. */
    requireProxy(): void {
      if (!proxy) throw noProxy();
    },

    async add(services: readonly Service[]): Promise<void> {
      if (!proxy) throw noProxy();
      const facts = { proxy, certificates: places.home };
      await included();
      const added = services.map((service) => entryFor(service, facts));
      const others = (await entries()).filter(
        ({ service }) => !added.some((entry) => entry.service === service),
      );
      await keep(
        [...others, ...added].toSorted((one, other) => compare(one.service, other.service)),
      );
    },

    /** null: every one. */
    async remove(service: string | null): Promise<void> {
      const before = await entries();
      const kept = service === null ? [] : before.filter((entry) => entry.service !== service);
      await keep(kept);
      try {
        await takenOut();
      } catch (error) {
        await keep(before);
        throw error;
      }
    },

    /** What the catalogue says now of those that are on. */
    async renew(services: readonly Service[]): Promise<void> {
      const before = await entries();
      if (before.length === 0 || !proxy) return;
      const facts = { proxy, certificates: places.home };
      const now = before.flatMap((entry) => {
        const service = services.find(({ id }) => id === entry.service);
        if (!service) return [entry]; // it may come back: a role that ended, another list
        // The hosts stay those that she has said yes to: another yes takes new ones.
        const asAgreed = { ...service, sshHosts: entry.hosts };
        return mayHaveEntry(service) ? [entryFor(asAgreed, facts)] : [];
      });
      if (fileOf(now) !== fileOf(before)) await keep(now);
    },

    /** This organisation has become the active one. */
    point,

    /** What an organisation has left that is registered no more: the process that had it in memory was killed. */
    async sweep(): Promise<void> {
      await point();
      await takenOut();
    },
  };
}

export const mayHaveEntry = (service: Service): boolean =>
  service.type === 'SSH' && !service.keepsOutOfSshConfig;

const compare = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

const noProxy = (): AppError =>
  new AppError(
    'program/not-installed',
    'This installation of Banyan has no banyanproxy, which ssh would start.',
  );
