// banyan login
import { renderUnicodeCompact } from 'uqr';
import type { ClientApi } from '../../shared/ipc/contract.ts';
import { isSigningIn, type Session, type SignInPrompt } from '../../shared/model/session.ts';
import { type Command, snapshotOf, untilInterrupted } from '../context.ts';
import { localTime } from '../../shared/local-time.ts';
import type { Print } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const login: Command = async ({ home, arguments: { values }, print }) => {
  const client = await reachClient(home);
  const withCode = Boolean(values['device-code']);
  const unsubscribe = onPrompt(client, (prompt) =>
    show(prompt, Boolean(values['no-browser']), print),
  );
  try {
    // In another terminal, or the window, somebody waits already: this command joins, and is told of no new page.
    const { session: now } = (await snapshotOf(client)).slices;
    const waiting = isSigningIn(now) ? now.prompt : null;
    const goesOn = waiting !== null && (waiting.by === 'device-code' || !withCode);
    if (goesOn) show(waiting, Boolean(values['no-browser']), print);
    const signingIn = withCode
      ? client.call('session.signInWithCode', {})
      : client.call('session.signIn', { openBrowser: !values['no-browser'] });
    void untilInterrupted().then(() => client.call('session.cancelSignIn', {}));
    const session = await signingIn;
    print.result({ session }, lines(session));
  } finally {
    unsubscribe();
    await client.close();
  }
};

/** Each page or code once. */
export function onPrompt(client: ClientApi, tell: (prompt: SignInPrompt) => void): () => void {
  let told: string | null = null;
  return client.subscribe((name, { value }) => {
    const session = name === 'session.changed' ? (value as Session) : null;
    const prompt = session && isSigningIn(session) ? session.prompt : null;
    const address = prompt && (prompt.by === 'browser' ? prompt.url : prompt.urlWithCode);
    if (!prompt || address === told) return;
    told = address;
    tell(prompt);
  });
}

function show(prompt: SignInPrompt, byHand: boolean, print: Print): void {
  if (prompt.by === 'browser') {
    const { url } = prompt;
    print.event({ event: 'sign-in-page', url }, [
      byHand
        ? 'Open this page on this computer:'
        : 'If no browser opens, open this page on this computer:',
      `  ${url}`,
      'Waiting for you to sign in there, five minutes at most. Ctrl-C gives up.',
      'No browser on this computer? banyan login --device-code',
    ]);
  }
  if (prompt.by === 'device-code') {
    const { by: _, ...code } = prompt;
    print.event({ event: 'device-code', ...code }, [
      'Open this page on any device:',
      `  ${code.url}`,
      'and type this code there:',
      `  ${code.userCode}`,
      '',
      ...renderUnicodeCompact(code.urlWithCode, { border: 2 }).split('\n'),
      '',
      `It is good until ${localTime(code.expiresAt)}. Give it to nobody.`,
    ]);
  }
}

function lines(session: Session): string[] {
  if (!('person' in session) || !('expiresAt' in session)) return [];
  const { person, expiresAt } = session;
  const who = person.email ? `${person.name} <${person.email}>` : person.name;
  return [`Signed in as ${who}, until ${localTime(expiresAt)}.`];
}
