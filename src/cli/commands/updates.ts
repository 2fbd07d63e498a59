// banyan updates [--check | --install]
import { explain } from '../../shared/errors.ts';
import { localTime } from '../../shared/local-time.ts';
import type { Updates } from '../../shared/model/updates.ts';
import { updatesHelp } from '../../shared/model/updates-words.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, snapshotOf } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const updates: Command = async ({ home, print, arguments: { values } }) => {
  if (values['check'] && values['install']) throw usage('Use --check or --install, not both.');
  const client = await reachClient(home, { readsOnly: true });
  try {
    if (values['install']) {
      await client.call('updates.install', {});
      return print.result({ restarts: true }, ['Banyan restarts as the newer version.']);
    }
    if (values['check']) await client.call('updates.check', {});
    const { app, slices } = await snapshotOf(client);
    const byItself = slices.settings.values.updates;
    print.result({ version: app.version, byItself, updates: slices.updates }, [
      `Banyan ${app.version}`,
      ...(slices.updates.status === 'failed'
        ? [explain(slices.updates.because)]
        : [updatesHelp(slices.updates, byItself, timeOf(slices.updates))]),
      ...(slices.updates.status === 'ready' ? ['banyan updates --install restarts into it.'] : []),
    ]);
  } finally {
    await client.close();
  }
};

const timeOf = (updates: Updates): string =>
  updates.status === 'none' ? localTime(updates.checkedAt) : '';
