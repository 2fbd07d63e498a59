// banyan ui [invite]
import path from 'node:path';
import { createInterface } from 'node:readline';
import { openOwnPage } from '../../main/client/adapters/system-browser.ts';
import { startWebHost } from '../../main/web/index.ts';
import type { ClientApi, Handlers } from '../../shared/ipc/contract.ts';
import { allCallNames } from '../../shared/ipc/names.ts';
import { parseInvite } from '../../shared/protocol/invite.ts';
import { type Command, untilInterrupted } from '../context.ts';
import { reachClient, startOwnClient } from '../reach-client.ts';

export const ui: Command = async (context) => {
  const { home, print, programFolder } = context;
  const { positionals, values } = context.arguments;
  const withParent = Boolean(values['exit-with-parent']);
  const interrupted = untilInterrupted({ withParent });
  const [invite] = positionals;
  if (invite !== undefined) parseInvite(invite); // a bad one is refused here, where it can be typed again
  // With an invite it must be our own: a client that runs already is not handed links by others.
  const client =
    invite === undefined
      ? await reachClient(home, { stays: true })
      : await startOwnClient(home, { link: invite });
  try {
    const host = await startWebHost({
      client: { handlers: handlersOf(client), subscribe: (listener) => client.subscribe(listener) },
      rendererFolder: path.resolve(programFolder, '..', 'renderer'),
      home,
      log: client.log,
    });
    try {
      const link = host.newLink();
      print.result({ event: 'ready', url: link }, [link]);
      const opened = mayOpenBrowser() && (await openBrowser(await host.launchFile()));
      print.note(
        opened
          ? 'Your browser shows Banyan.'
          : 'Open the address above in a browser on this computer; it works once, within ten minutes.',
      );
      print.note('Press Enter for a new address, Ctrl-C to stop.');
      // A tab that was closed, or another browser, needs an address that was not used before.
      if (process.stdin.isTTY || withParent) onEnter(() => print.note(host.newLink()));
      await Promise.race([interrupted, client.ended]);
    } finally {
      await host.stop();
    }
  } finally {
    await client.close();
  }
};

function onEnter(act: () => void): void {
  createInterface({ input: process.stdin }).on('line', act);
}

/** A browser does not run as root, and a terminal browser would take our own terminal. */
function mayOpenBrowser(): boolean {
  if (process.getuid?.() === 0) return false;
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  return process.platform !== 'linux' || Boolean(DISPLAY ?? WAYLAND_DISPLAY);
}

async function openBrowser(file: string): Promise<boolean> {
  try {
    await openOwnPage(file);
    return true;
  } catch {
    return false; // the address has been printed
  }
}

/** A client at the other end of the control socket, as the web host wants one. */
const handlersOf = (client: ClientApi): Handlers =>
  Object.fromEntries(
    allCallNames.map((name) => [name, (input: never) => client.call(name, input)]),
  ) as unknown as Handlers;
