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
import type { Print } from '../print.ts';
import { reachClient, type ReachedClient } from '../reach-client.ts';

export const open: Command = async (context) => {
  const { home, arguments: given } = context;
  const client = await reachClient(home);
  try {
    const service = await findService(client, given.positionals[0] ?? '');
    const { type } = service;
    const opens = type === 'WEB' ? openPage : type === 'RDP' ? openRemoteDesktop : openProgram;
    await opens(client, service, context);
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

/** Whichever program this computer has for .rdp files. */
async function openRemoteDesktop(
  client: ReachedClient,
  service: Service,
  { arguments: { values }, print }: Context,
): Promise<void> {
  const wanted = { service: service.id };
  const said = { service: service.id, name: service.name };
  await client.call('tunnel.open', wanted);
  if (values['save']) {
    const { file } = await client.call('program.saveRdp', wanted);
    print.result({ ...said, file }, [`${service.friendlyName} is connected. Saved: ${file}`]);
  } else {
    await client.call('program.openRdp', wanted);
    print.result(said, [`${service.friendlyName} opens.`]);
  }
  await stay(client, print);
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
  await stay(client, print);
}

/** What is connected by a client of its own is so as long as this command runs. */
async function stay(client: ReachedClient, print: Print): Promise<void> {
  if (!client.isOwn) return;
  const interrupted = untilInterrupted();
  print.note('Press Ctrl-C to disconnect.');
  await Promise.race([interrupted, client.ended]);
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
        ? `A window with ${usable.join(' or ')} cannot be opened on this computer.`
        : `No program that Banyan knows opens ${friendlyName}.`;
    throw new AppError('program/not-installed', why);
  }
  const program = CLIENT_PROGRAMS.find((name) => name === wish);
  if (!program) throw usage(`"${wish}" is none of ${CLIENT_PROGRAMS.join(', ')}.`);
  return program;
}
