// banyan login
import { renderUnicodeCompact } from 'uqr';
import { isSigningIn, type Session, type SignInPrompt } from '../../shared/model/session.ts';
import { type Command, untilInterrupted } from '../context.ts';
import { localTime } from '../../shared/local-time.ts';
import type { Print } from '../print.ts';
import { reachClient } from '../reach-client.ts';

export const login: Command = async ({ home, arguments: { values }, print }) => {
  const client = await reachClient(home);
  const withCode = Boolean(values['device-code']);
  let shown: string | null = null;
  const unsubscribe = client.subscribe((name, { value }) => {
    const session = name === 'session.changed' ? (value as Session) : null;
    const prompt = session && isSigningIn(session) ? session.prompt : null;
    const address = prompt && (prompt.by === 'browser' ? prompt.url : prompt.urlWithCode);
    if (address === null || address === shown) return;
    shown = address;
    show(prompt, Boolean(values['no-browser']), print);
  });
  try {
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

function show(prompt: SignInPrompt | null, byHand: boolean, print: Print): void {
  if (prompt?.by === 'browser') {
    const { url } = prompt;
    print.event({ event: 'sign-in-page', url }, [
      byHand
        ? 'Open this page on this computer:'
        : 'If no browser opens, open this page on this computer:',
      `  ${url}`,
      'No browser here? Stop with Ctrl-C and type: banyan login --device-code',
    ]);
  }
  if (prompt?.by === 'device-code') {
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
