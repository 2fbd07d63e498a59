// What happens when something is chosen in the tray. A failure is told by a notification, whatever other
// notifications are wanted: it has been asked for, and no window may be open.
import { app, clipboard } from 'electron';
import { ERRORS, explain, toWireError } from '../../shared/errors.ts';
import type { Handlers } from '../../shared/ipc/contract.ts';
import type { Log } from '../client/ports.ts';
import { askToQuit, askToSignOut, askToSwitch } from './ask-to-quit.ts';
import { showNotice } from './notices.ts';
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
      case 'sign-out':
        if (await askToSignOut(action.connected)) await handlers['session.signOut']({});
        return;
      case 'switch': {
        const { connected, name, organisation } = action;
        if (await askToSwitch(connected, name)) {
          await handlers['organisation.switch']({ organisation });
        }
        return;
      }
      case 'copy':
        return clipboard.writeText(action.text);
      case 'update':
        return handlers['updates.install']({});
      case 'open-window':
        return openWindow();
      case 'quit':
        if (await askToQuit(action.connected)) app.quit();
    }
  }
  return (action: TrayAction): void => {
    run(action).catch((error: unknown) => {
      log.warn('what was chosen in the tray failed', { action: action.do, error });
      const wire = toWireError(error);
      showNotice({ title: ERRORS[wire.code].title, body: explain(wire) }, openWindow);
    });
  };
}
