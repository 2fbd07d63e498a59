// Turns the contract into `window.client`; nothing else lives here. Runs sandboxed, in a world of its own.
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron';
import { createBridge } from '../shared/ipc/bridge.ts';
import { CALL_CHANNEL, SIGNAL_CHANNEL } from '../shared/ipc/channels.ts';
import type { Reply, SignalName, Signals } from '../shared/ipc/contract.ts';

contextBridge.exposeInMainWorld(
  'client',
  createBridge({
    invoke: (name, input) => ipcRenderer.invoke(CALL_CHANNEL, name, input) as Promise<Reply>,
    subscribe(listener) {
      // The event stays on this side: through it a page could reach `ipcRenderer` and with it any channel.
      const onSignal = (
        _event: IpcRendererEvent,
        name: SignalName,
        payload: Signals[SignalName],
      ): void => listener(name, payload);
      ipcRenderer.on(SIGNAL_CHANNEL, onSignal);
      return () => void ipcRenderer.removeListener(SIGNAL_CHANNEL, onSignal);
    },
  }),
);
