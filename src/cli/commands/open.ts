// banyan open <service>
import { type Command, findService } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const open: Command = async ({ home, arguments: { positionals, values }, print }) => {
  const client = await reachClient(home);
  try {
    const service = await findService(client, positionals[0] ?? '');
    const wanted = { service: service.id };
    const said = { service: service.id, name: service.name };
    if (values['no-browser']) {
      const { url } = await client.call('service.page', wanted);
      const lines = [
        'Open this page on this computer, within a minute; it works once:',
        `  ${url}`,
      ];
      print.result({ ...said, url }, lines);
    } else {
      await client.call('service.open', wanted);
      print.result(said, [`${service.friendlyName} opens in your browser.`]);
    }
  } finally {
    await client.close();
  }
};
