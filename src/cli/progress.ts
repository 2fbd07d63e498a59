// What a command waits for, where that takes long and a person looks on: one line on standard error, gone when it is over.
import type { CallName, ClientApi } from '../shared/ipc/contract.ts';

/** Those that a network, a disk or another program may hold up. A sign-in says itself what it waits for. */
const STEPS: Partial<Record<CallName, string>> = {
  'device.inspectInvite': 'Reaching the organisation',
  'device.inspectAddress': 'Reaching the organisation',
  'device.register': 'Registering this device',
  'device.unregister': 'Leaving the organisation',
  'device.checkPosture': 'Looking at this computer',
  'organisation.switch': 'Switching',
  'session.signOut': 'Signing out',
  'catalog.refresh': 'Asking for your services',
  'tunnel.open': 'Connecting',
  'tunnel.close': 'Disconnecting',
  'service.open': 'Opening the page',
  'program.launch': 'Starting the program',
  'program.openRdp': 'Starting the program',
  'diagnostics.run': 'Trying every step',
};

/** What is over sooner needs no words. */
const SHOWN_AFTER_MS = 1_000;
const TOLD_EVERY_MS = 1_000;

type Stream = Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;

/** The same client, which says what it waits for. */
export function withProgress<Client extends ClientApi>(
  client: Client,
  stream: Stream = process.stderr,
): Client {
  if (!stream.isTTY || process.argv.includes('--json')) return client;
  const call: ClientApi['call'] = (name, input) => {
    const answer = client.call(name, input);
    const words = STEPS[name];
    return words === undefined ? answer : during(words, answer, stream);
  };
  return { ...client, call };
}

async function during<Answer>(
  words: string,
  answer: Promise<Answer>,
  stream: Stream,
): Promise<Answer> {
  const startedAt = Date.now();
  let isShown = false;
  let timer = setTimeout(function tell() {
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    stream.write(`\r${words} … ${seconds} s`);
    isShown = true;
    timer = setTimeout(tell, TOLD_EVERY_MS);
  }, SHOWN_AFTER_MS);
  try {
    return await answer;
  } finally {
    clearTimeout(timer);
    if (isShown) stream.write('\r\u001b[K');
  }
}
