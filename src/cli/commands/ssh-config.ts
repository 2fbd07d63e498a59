// banyan ssh-config on|off|show [service]
import type { ConfigEntries, Programs } from '../../shared/model/program.ts';
import { usage } from '../banyan-arguments.ts';
import type { Command } from '../context.ts';
import { table } from '../print.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';
import { chosenService, entriesOf } from './entries.ts';

export const sshConfig: Command = async ({ home, arguments: { positionals }, print }) => {
  const [what = '', wanted] = positionals;
  if (what !== 'on' && what !== 'off' && what !== 'show') {
    throw usage(`"${what}" is neither on, off nor show.`);
  }
  const client = await reachClient(home, { readsOnly: what === 'show' });
  try {
    const programs =
      what === 'show'
        ? await client.call('program.look', {})
        : await change(client, what === 'on', wanted);
    const ssh = entriesOf(programs.ssh);
    print.result({ ssh }, words(ssh));
  } finally {
    await client.close();
  }
};

async function change(
  client: ReachedClient,
  isOn: boolean,
  wanted: string | undefined,
): Promise<Programs> {
  const service = await chosenService(client, 'ssh', wanted, isOn);
  return client.call('program.setSsh', { service, isOn });
}

function words({ file, entries }: ConfigEntries): string[] {
  if (entries.length === 0) return [`${file} has no entry of Banyan.`];
  const rows = entries.map(({ service, name }) => [`  ssh ${name}`, service]);
  return [`${file} includes:`, ...table(rows)];
}
