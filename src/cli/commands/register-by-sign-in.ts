// banyan register <address>: the fingerprint, then the browser.
import type { AddressFacts, ClientApi, InputOf } from '../../shared/ipc/contract.ts';
import type { Device } from '../../shared/model/device.ts';
import { completeFingerprint, inGroups } from '../../shared/model/fingerprint.ts';
import { usage } from '../banyan-arguments.ts';
import { ask, confirm, type Context, untilInterrupted } from '../context.ts';
import type { Print } from '../print.ts';

/** What an invite and a sign-in have in common. */
export interface Newcomer extends Pick<
  InputOf<'device.register'>,
  'name' | 'ownership' | 'secrets'
> {
  /** The organisation that is active until then. */
  before: string | undefined;
  /** Throws where they would be gone at once. */
  refuseMemory: () => void;
  /** Asked for after the yes. */
  passphrase: () => Promise<{ passphrase?: string }>;
}

export const becomesActive = (before: string): string =>
  `It becomes the active one; ${before} is kept.`;

export async function registerBySignIn(
  context: Context,
  client: ClientApi,
  address: string,
  { before, refuseMemory, passphrase, ...about }: Newcomer,
): Promise<Device> {
  const { values } = context.arguments;
  const given = values['fingerprint'];
  const wanted = typeof given === 'string' ? wholeFingerprint(given) : null;
  const facts = await client.call('device.inspectAddress', {
    address,
    ...(wanted !== null && { fingerprint: wanted }),
  });
  refuseMemory();
  if (wanted === null) {
    context.print.note(`Organisation  ${facts.organisationName} (${facts.host})`);
    if (before !== undefined) context.print.note(becomesActive(before));
  }
  const fingerprint = wanted ?? (await confirmed(context, client, address, facts));
  const more = await passphrase();
  const openBrowser = !values['no-browser'];
  const unsubscribe = showPage(client, context.print, openBrowser);
  try {
    void untilInterrupted().then(() => client.call('device.cancelRegistration', {}));
    const input = { address, fingerprint, openBrowser, ...about, ...more };
    return await client.call('device.registerBySignIn', input);
  } finally {
    unsubscribe();
  }
}

/** A yes where an authority vouches for the organisation; else what only its administrator can say. */
async function confirmed(
  context: Context,
  client: ClientApi,
  address: string,
  facts: AddressFacts,
): Promise<string> {
  const { print } = context;
  if ('rootFingerprint' in facts) {
    print.note(`Fingerprint   ${inGroups(facts.rootFingerprint)}`);
    await confirm(context, `Register this device with ${facts.organisationName}?`);
    return facts.rootFingerprint;
  }
  print.note(`Fingerprint   ____ ____ ____ ${inGroups(facts.fingerprintEnd)}`);
  print.note(
    `No public authority vouches for ${facts.host}. Ask your administrator for its fingerprint, compare it, and type the three groups that are missing here.`,
  );
  const typed = await ask(context, 'First three groups: ', '--fingerprint');
  const fingerprint = completeFingerprint(typed, facts.fingerprintEnd);
  if (fingerprint === null) {
    throw usage('Three groups of four characters were expected. Nothing was changed.');
  }
  await client.call('device.inspectAddress', { address, fingerprint });
  return fingerprint;
}

function wholeFingerprint(text: string): string {
  const whole = completeFingerprint(text, '');
  if (whole !== null) return whole;
  throw usage(
    '--fingerprint takes the whole fingerprint, as your administrator says it: eleven groups, 43 characters. Spaces between them do not matter.',
  );
}

function showPage(client: ClientApi, print: Print, openBrowser: boolean): () => void {
  let shown: string | null = null;
  return client.subscribe((_, { value }) => {
    if (!('status' in value) || value.status !== 'waiting' || !('url' in value)) return;
    const { url } = value;
    if (url === shown) return;
    shown = url;
    print.event({ event: 'sign-in-page', url }, [
      openBrowser
        ? 'If no browser opens, open this page on this computer:'
        : 'Open this page on this computer:',
      `  ${url}`,
      'Waiting for you to sign in there, five minutes at most.',
      'No browser here? Stop with Ctrl-C and register with an invite.',
    ]);
  });
}
