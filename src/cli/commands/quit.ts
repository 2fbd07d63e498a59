// banyan quit
import type { Command } from '../context.ts';
import { reachRunningClient } from '../reach-client.ts';

export const quit: Command = async ({ home, print }) => {
  const client = await reachRunningClient(home);
  await client.call('app.quit', {});
  await client.ended;
  print.result({}, ['Banyan has stopped.']);
};
