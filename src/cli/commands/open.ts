// banyan open <service>
import { type Command, findService } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const open: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    const openBrowser = !values['no-browser'];
    const url = await client.call('service.open', { service: service.id, openBrowser });
    const lines =
      url === null
        ? [`${service.friendlyName} opens in your browser.`]
        : ['Open this page on this computer, within a minute; it works once:', `  ${url}`];
    print.result({ service: service.id, name: service.name, ...(url !== null && { url }) }, lines);
  } finally {
    await client.close();
  }
};
