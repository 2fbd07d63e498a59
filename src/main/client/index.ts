// Front door of the headless client: everything the product does, with no window and no Electron.
import type { Handlers, SignalListener, Snapshot } from '../../shared/ipc/contract.ts';
import type { SecretStoreKind } from '../../shared/model/device.ts';
import type { ClientPorts } from './ports.ts';

export interface ClientOptions {
  /** Per-user folder, see settings/layout.ts. */
  home: string;
  version: string;
  /** A `banyan://register` link the app was opened with. */
  pendingInvite?: string;
  suggestedSecretStore?: SecretStoreKind;
  /** What `app.quit` does besides stopping the client: close the window, end the process. */
  onQuit: () => void;
}

export interface Client {
  /** One function per call of the contract; transports reach them through `serve()`. */
  handlers: Handlers;
  snapshot(): Snapshot;
  subscribe(listener: SignalListener): () => void;
  /** A link that arrived while running (second start, deep link). */
  openLink(link: string): void;
  /** Drains tunnels, then ends; safe to call twice. */
  stop(): Promise<void>;
}

export declare function createClient(ports: ClientPorts, options: ClientOptions): Promise<Client>;
