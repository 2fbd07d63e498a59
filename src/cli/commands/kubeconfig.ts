// banyan kubeconfig on|off|show [service] [--context NAME]
import type { ConfigEntries, Programs } from '../../shared/model/program.ts';
import { commandLine, shellOf } from '../../shared/model/quoting.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, snapshotOf } from '../context.ts';
import { table } from '../print.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';
import { chosenService, entriesOf } from './entries.ts';

export const kubeconfig: Command = async ({ home, arguments: given, print }) => {
  const [what = '', wanted] = given.positionals;
  const context = given.values['context'];
  if (context === '') throw usage('--context takes the name of a context of your kubeconfig.');
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
    const isForAll = what === 'on' && wanted === undefined && context === undefined;
    print.result({ kubernetes, contexts }, [
      ...words(kubernetes, 'clusters'),
      ...(isForAll ? await leftOut(client, kubernetes) : []),
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

/** Those that have no local port yet: of the others none waits for them. */
async function leftOut(client: ReachedClient, { entries }: ConfigEntries): Promise<string[]> {
  const { services } = (await snapshotOf(client)).slices.catalog;
  return services
    .filter(({ type, mode, kubeCa }) => type === 'K8S' && mode === 'CHAIN' && kubeCa !== undefined)
    .filter(({ id }) => !entries.some(({ service }) => service === id))
    .map(({ name }) => `Not ${name}, which has no local port yet: connect it once, then add it.`);
}

function words({ file, entries }: ConfigEntries, kind: 'clusters' | 'proxies'): string[] {
  if (entries.length === 0) return [`${file} has no cluster of Banyan.`];
  const line = (typed: string[]): string => commandLine(shellOf(process.platform), typed);
  const rows = entries.map(({ service, name, organisation }) => [
    kind === 'clusters'
      ? `  ${line(['kubectl', '--kubeconfig', file, '--context', name])}`
      : `  ${line(['kubectl', '--context', name])}`,
    service,
    ...(organisation === undefined ? [] : [`of another organisation, ${organisation}`]),
  ]);
  return [`${file}:`, ...table(rows)];
}
