// "Quit Banyan?", "Restart Banyan?", "Sign out?": asked where programs would lose their connections by it.
import { dialog } from 'electron';

export const askToQuit = (connected: number, why = ''): Promise<boolean> =>
  ask(connected, { message: 'Quit Banyan?', yes: 'Quit', why });

/** Connections that run end with this version; the newer one connects again by itself only what is marked so. */
export const askToRestart = (connected: number, version: string): Promise<boolean> =>
  ask(connected, { message: `Restart Banyan as ${version}?`, yes: 'Restart', why: '' });

export const askToSignOut = (connected: number): Promise<boolean> =>
  ask(connected, { message: 'Sign out?', yes: 'Sign out', why: '' });

export const askToSwitch = (connected: number, organisation: string): Promise<boolean> =>
  ask(connected, { message: `Switch to ${organisation}?`, yes: 'Switch', why: '' });

interface Question {
  message: string;
  yes: string;
  why: string;
}

/** What is being asked: whoever chooses it again waits for the answer to that. */
const asked = new Map<string, Promise<boolean>>();

function ask(connected: number, question: Question): Promise<boolean> {
  if (connected === 0) return Promise.resolve(true);
  const { message } = question;
  const running =
    asked.get(message) ?? put(connected, question).finally(() => asked.delete(message));
  asked.set(message, running);
  return running;
}

async function put(connected: number, { message, yes, why }: Question): Promise<boolean> {
  const [what, it] =
    connected === 1 ? ['One service is', 'it'] : [`${connected} services are`, 'them'];
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message,
    detail: `${why}${what} connected. Programs that use ${it} lose their connections.`,
    buttons: [yes, 'Cancel'],
    defaultId: 0,
    cancelId: 1,
  });
  return response === 0;
}
