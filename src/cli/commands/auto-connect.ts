// banyan auto-connect <service> <on|off>
import { usage } from '../banyan-arguments.ts';
import { type Command, findService } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const autoConnect: Command = async ({ home, arguments: { positionals }, print }) => {
  const [wanted = '', choice = ''] = positionals;
  if (choice !== 'on' && choice !== 'off') {
    throw usage(`"${choice}" is neither on nor off: banyan auto-connect <service> <on|off>.`);
  }
  const isOn = choice === 'on';
  const client = await reachClient(home);
  try {
    const service = await findService(client, wanted);
    await client.call('service.autoConnect', { service: service.id, isOn });
    const { settings } = (await client.call('app.snapshot', {})).slices;
    print.result({ service: service.id, autoConnect: isOn }, [
      isOn
        ? `${service.friendlyName} connects by itself when you sign in.`
        : `${service.friendlyName} connects only when you ask for it.`,
      ...(isOn && !settings.values.autoConnect
        ? ['Nothing does now: "Connect automatically" is off in the settings.']
        : []),
    ]);
  } finally {
    await client.close();
  }
};
