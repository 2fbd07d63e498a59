// Runs the client as the only one of its folder: what the app, the browser tab and the terminal have in common.
import { VERSION } from '../shared/version.ts';
import { systemPorts } from './client/adapters/system-ports.ts';
import { type Client, type ClientOptions, createClient } from './client/index.ts';
import type { ClientPorts } from './client/ports.ts';
import { bindControlSocket } from './ipc/control-server.ts';
import { secretsWish } from './secrets-wish.ts';

export interface RunOptions {
  /** Per-user folder; binding its control socket is the lock. */
  home: string;
  environment?: NodeJS.ProcessEnv;
  /** Default: those of a computer without Electron. */
  ports?: ClientPorts;
  /** A `banyan://register` link to begin with. */
  link?: string | undefined;
  /** Runs with windows. Absent: in a terminal. */
  desktop?: ClientOptions['desktop'];
  /** false: it lives as long as one command, and begins nothing by itself. */
  stays?: boolean;
}

export interface RunningClient extends Client {
  log: ClientPorts['log'];
  /** Somebody has asked for the end: `app.quit` was called from any front end. */
  ended: Promise<void>;
}

/** Rejects with `client/already-running` where another front end runs the client of this folder. */
export async function runClient(options: RunOptions): Promise<RunningClient> {
  const { home, environment = process.env, link } = options;
  const suggestedSecretStore = secretsWish(environment);
  const { ports = systemPorts(home, environment) } = options;
  const control = await bindControlSocket(home, ports.log);
  let tellEnded = (): void => {};
  const ended = new Promise<void>((resolve) => (tellEnded = resolve));
  try {
    const client = await createClient(ports, {
      home,
      version: VERSION,
      stays: options.stays ?? true,
      ...(options.desktop && { desktop: options.desktop }),
      ...(suggestedSecretStore && { suggestedSecretStore }),
      onQuit: tellEnded,
    });
    if (link !== undefined) client.openLink(link);
    control.serve(client);
    let stopped: Promise<void> | null = null;
    // The lock goes last: whoever takes it next finds nothing of ours still running.
    const stopBoth = async (): Promise<void> => {
      try {
        await client.stop();
      } finally {
        await control.stop();
      }
    };
    return {
      ...client,
      log: ports.log,
      ended,
      stop: () => (stopped ??= stopBoth()),
    };
  } catch (error) {
    await control.stop();
    throw error;
  }
}
