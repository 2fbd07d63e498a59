// banyan login
import type { Session } from '../../shared/model/session.ts';
import { type Command, untilInterrupted } from '../context.ts';
import { reachClient } from '../reach-client.ts';

export const login: Command = async ({ home, arguments: { values }, print }) => {
  const client = await reachClient(home);
  let shown: string | null = null;
  const unsubscribe = client.subscribe((_name, { value }) => {
    const url = 'signInUrl' in value ? value.signInUrl : null;
    if (url === null || url === shown) return;
    shown = url;
    const advice = values['no-browser']
      ? 'Open this page:'
      : 'If no browser opens, open this page:';
    print.event({ event: 'sign-in-page', url }, [advice, `  ${url}`]);
  });
  try {
    const signingIn = client.call('session.signIn', { openBrowser: !values['no-browser'] });
    void untilInterrupted().then(() => client.call('session.cancelSignIn', {}));
    const session = await signingIn;
    print.result({ session }, lines(session));
  } finally {
    unsubscribe();
    await client.close();
  }
};

function lines(session: Session): string[] {
  if (!('person' in session) || !('expiresAt' in session)) return [];
  const { person, expiresAt } = session;
  const who = person.email ? `${person.name} <${person.email}>` : person.name;
  return [`Signed in as ${who}, until ${new Date(expiresAt).toLocaleString()}.`];
}
