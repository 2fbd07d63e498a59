// banyan ssh-config on|off|show [service]
import { AppError } from '../../shared/errors.ts';
import type { ConfigEntries } from '../../shared/model/program.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, findService } from '../context.ts';
import { table } from '../print.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';

export const sshConfig: Command = async ({ home, arguments: { positionals }, print }) => {
  const [what = '', wanted] = positionals;
  if (what !== 'on' && what !== 'off' && what !== 'show') {
    throw usage(`"${what}" is neither on, off nor show.`);
  }
  const client = await reachClient(home);
  try {
    const ssh = await (what === 'show' ? look(client) : change(client, what === 'on', wanted));
    print.result({ ssh }, words(ssh));
  } finally {
    await client.close();
  }
};

async function look(client: ReachedClient): Promise<ConfigEntries> {
  return there((await client.call('program.look', {})).ssh);
}

async function change(
  client: ReachedClient,
  isOn: boolean,
  wanted: string | undefined,
): Promise<ConfigEntries> {
  // The catalogue has to be there, even where nobody is named.
  if (isOn && wanted === undefined) await client.call('catalog.refresh', {});
  const service =
    wanted === undefined
      ? null
      : ((await findEntry(client, wanted)) ?? (await findService(client, wanted)).id);
  return there((await client.call('program.setSsh', { service, isOn })).ssh);
}

/** By id: one that is gone from the catalogue has an entry all the same. */
async function findEntry(client: ReachedClient, wanted: string): Promise<string | null> {
  const { entries } = await look(client);
  return entries.some(({ service }) => service === wanted) ? wanted : null;
}

function there(ssh: ConfigEntries | null): ConfigEntries {
  if (ssh) return ssh;
  throw new AppError('device/not-registered', 'Entries belong to an organisation.');
}

function words({ file, entries }: ConfigEntries): string[] {
  if (entries.length === 0) return [`${file} has no entry of Banyan.`];
  const rows = entries.map(({ service, name }) => [`  ssh ${name}`, service]);
  return [`${file} includes:`, ...table(rows)];
}
