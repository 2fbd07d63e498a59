// banyan kubeconfig on|off|show [service] [--context NAME]
import type { ConfigEntries, Programs } from '../../shared/model/program.ts';
import { usage } from '../banyan-arguments.ts';
import type { Command } from '../context.ts';
import { table } from '../print.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';
import { chosenService, entriesOf } from './entries.ts';

export const kubeconfig: Command = async ({ home, arguments: given, print }) => {
  const [what = '', wanted] = given.positionals;
  const context = given.values['context'];
  if (what !== 'on' && what !== 'off' && what !== 'show') {
    throw usage(`"${what}" is neither on, off nor show.`);
  }
  const client = await reachClient(home, { readsOnly: what === 'show' });
  try {
    const programs =
      what === 'show'
        ? await client.call('program.look', {})
        : await change(client, what === 'on', wanted, context);
    const kubernetes = entriesOf(programs.kubernetes);
    const contexts = entriesOf(programs.contexts);
    print.result({ kubernetes, contexts }, [
      ...words(kubernetes, 'clusters'),
      ...(contexts.entries.length > 0 ? words(contexts, 'proxies') : []),
    ]);
  } finally {
    await client.close();
  }
};

async function change(
  client: ReachedClient,
  isOn: boolean,
  wanted: string | undefined,
  context: string | boolean | undefined,
): Promise<Programs> {
  const service = await chosenService(client, 'kubernetes', wanted, isOn);
  return client.call('program.setKubernetes', {
    service,
    isOn,
    ...(typeof context === 'string' && { context }),
  });
}

function words({ file, entries }: ConfigEntries, kind: 'clusters' | 'proxies'): string[] {
  if (entries.length === 0) return [`${file} has no cluster of Banyan.`];
  const rows = entries.map(({ service, name, organisation }) => [
    kind === 'clusters'
      ? `  kubectl --kubeconfig ${file} --context ${name}`
      : `  kubectl --context ${name}`,
    service,
    ...(organisation === undefined ? [] : [`of another organisation, ${organisation}`]),
  ]);
  return [`${file}:`, ...table(rows)];
}
