// banyan open <service>
import { AppError } from '../../shared/errors.ts';
import {
  CLIENT_PROGRAMS,
  type ClientProgram,
  programsFor,
} from '../../shared/model/client-program.ts';
import type { Service } from '../../shared/model/service.ts';
import { usage } from '../banyan-arguments.ts';
import { type Command, type Context, findService, untilInterrupted } from '../context.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';

export const open: Command = async (context) => {
  const { home, arguments: given } = context;
  const client = await reachClient(home);
  try {
    const service = await findService(client, given.positionals[0] ?? '');
    await (service.type === 'WEB'
      ? openPage(client, service, context)
      : openProgram(client, service, context));
  } finally {
    await client.close();
  }
};

async function openPage(
  client: ReachedClient,
  service: Service,
  { arguments: { values }, print }: Context,
): Promise<void> {
  const wanted = { service: service.id };
  const said = { service: service.id, name: service.name };
  if (values['no-browser']) {
    const { url } = await client.call('service.page', wanted);
    const lines = ['Open this page on this computer, within a minute; it works once:', `  ${url}`];
    print.result({ ...said, url }, lines);
  } else {
    await client.call('service.open', wanted);
    print.result(said, [`${service.friendlyName} opens in your browser.`]);
  }
}

async function openProgram(
  client: ReachedClient,
  service: Service,
  { arguments: { values }, print }: Context,
): Promise<void> {
  const { installed, ssh } = await client.call('program.look', {});
  const entry = ssh?.entries.find((each) => each.service === service.id)?.name;
  const usable = programsFor(service, entry);
  const program = chosenProgram(values['with'], usable, installed, service);
  await client.call('tunnel.open', { service: service.id });
  await client.call('program.launch', { service: service.id, program });
  const said = { service: service.id, name: service.name, program };
  print.result(said, [`${program} opens, connected to ${service.friendlyName}.`]);
  if (!client.isOwn) return;
  print.note('Press Ctrl-C to disconnect.');
  await Promise.race([untilInterrupted(), client.ended]);
}

function chosenProgram(
  wish: unknown,
  usable: readonly ClientProgram[],
  installed: readonly ClientProgram[],
  { friendlyName }: Service,
): ClientProgram {
  if (typeof wish !== 'string') {
    const first = usable.find((program) => installed.includes(program));
    if (first) return first;
    const why =
      usable.length > 0
        ? `None of ${usable.join(', ')} can be opened on this computer.`
        : `No program that Banyan knows opens ${friendlyName}.`;
    throw new AppError('program/not-installed', why);
  }
  const program = CLIENT_PROGRAMS.find((name) => name === wish);
  if (!program) throw usage(`"${wish}" is none of ${CLIENT_PROGRAMS.join(', ')}.`);
  return program;
}
