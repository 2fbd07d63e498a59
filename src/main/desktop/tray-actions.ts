// What happens when something is chosen in the tray. A failure is told by a notification: no window may be open.
import { app, Notification } from 'electron';
import { ERRORS, explain, toWireError } from '../../shared/errors.ts';
import type { Handlers } from '../../shared/ipc/contract.ts';
import type { Log } from '../client/ports.ts';
import type { TrayAction } from './tray-items.ts';

export interface TrayActionOptions {
  handlers: Handlers;
  openWindow: () => void;
  log: Log;
}

export function trayActions({ handlers, openWindow, log }: TrayActionOptions) {
  async function run(action: TrayAction): Promise<void> {
    switch (action.do) {
      case 'connect':
        return void (await handlers['tunnel.open']({ service: action.service }));
      case 'open':
        return handlers['service.open']({ service: action.service });
      case 'disconnect':
        return handlers['tunnel.close']({ service: action.service });
      case 'sign-in':
        return void (await handlers['session.signIn']({ openBrowser: true }));
      case 'open-window':
        return openWindow();
      case 'quit':
        return app.quit();
    }
  }
  return (action: TrayAction): void => {
    run(action).catch((error: unknown) => {
      log.warn('what was chosen in the tray failed', { action: action.do, error });
      const wire = toWireError(error);
      new Notification({ title: ERRORS[wire.code].title, body: explain(wire) }).show();
    });
  };
}
