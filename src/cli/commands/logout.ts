// banyan logout
import type { Command } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const logout: Command = async ({ home, print }) => {
  const client = await reachClient(home);
  try {
    await client.call('session.signOut', {});
    print.result({}, ['Signed out.']);
  } finally {
    await client.close();
  }
};
