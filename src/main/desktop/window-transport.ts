// Electron's way between the client and the window: calls in through serve(), signals out.
import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron';
import { CALL_CHANNEL, SIGNAL_CHANNEL } from '../../shared/ipc/channels.ts';
import { callNames } from '../../shared/ipc/names.ts';
import type { Client } from '../client/index.ts';
import type { Log } from '../client/ports.ts';
import { serve } from '../ipc/serve.ts';
import { isTrustedSender } from './security/trusted-sender.ts';

export interface TransportOptions {
  client: Pick<Client, 'handlers' | 'subscribe'>;
  contents: () => WebContents | null;
  log: Log;
}

export function serveWindow({ client, contents, log }: TransportOptions): void {
  const server = serve<IpcMainInvokeEvent>({
    calls: callNames,
    handlers: client.handlers,
    isTrusted: ({ senderFrame }) => isTrustedSender(senderFrame, contents()?.mainFrame ?? null),
    log,
  });
  ipcMain.handle(CALL_CHANNEL, (event, name: unknown, input: unknown) =>
    server.answer(event, name, input),
  );
  client.subscribe((name, payload) => contents()?.send(SIGNAL_CHANNEL, name, payload));
}
