// Electron's way between the client and the window: calls in through serve(), signals out.
import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron';
import { CALL_CHANNEL, SIGNAL_CHANNEL } from '../../shared/ipc/channels.ts';
import { callNames } from '../../shared/ipc/names.ts';
import type { Client } from '../client/index.ts';
import type { Log } from '../client/ports.ts';
import { serve } from '../ipc/serve.ts';
import { isTrustedSender } from './security/trusted-sender.ts';

export interface TransportOptions {
  /** The page may ask before it is there, and waits for its answer. */
  starting: Promise<Pick<Client, 'handlers' | 'subscribe'>>;
  contents: () => WebContents | null;
  log: Log;
}

export function serveWindow({ starting, contents, log }: TransportOptions): void {
  const serving = starting.then(({ handlers, subscribe }) => {
    subscribe((name, payload) => contents()?.send(SIGNAL_CHANNEL, name, payload));
    return serve<IpcMainInvokeEvent>({
      calls: callNames,
      handlers,
      isTrusted: ({ senderFrame }) => isTrustedSender(senderFrame, contents()?.mainFrame ?? null),
      log,
    });
  });
  serving.catch(() => {}); // told by who starts it; the app ends then
  ipcMain.handle(CALL_CHANNEL, async (event, name: unknown, input: unknown) =>
    (await serving).answer(event, name, input),
  );
}
