// The client that a command talks to: the one that runs, or one of its own for as long as it takes.
import { connectControlSocket } from '../main/ipc/control-client.ts';
import { bindControlSocket } from '../main/ipc/control-server.ts';
import { serve } from '../main/ipc/serve.ts';
import { AppError, isErrorCode } from '../shared/errors.ts';
import { createClientApi } from '../shared/ipc/bridge.ts';
import type { ClientApi } from '../shared/ipc/contract.ts';
import { VERSION } from '../shared/version.ts';

export interface ReachedClient extends ClientApi {
  /** Lives only as long as this command. */
  readonly isOwn: boolean;
  /** The client has stopped, by `banyan quit` for one. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof AppError && isErrorCode(code) && error.code === code;

export async function reachRunningClient(home: string): Promise<ReachedClient> {
  const client = await connectControlSocket(home);
  return {
    call: (name, input) => client.call(name, input),
    subscribe: (listener) => client.subscribe(listener),
    isOwn: false,
    ended: client.ended,
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

/** Other commands reach this client too while it runs. */
export async function startOwnClient(
  home: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ReachedClient> {
  // Only now: a command that uses the running client starts twice as fast without.
  const { systemPorts } = await import('../main/client/adapters/system-ports.ts');
  const { createClient } = await import('../main/client/index.ts');
  const ports = systemPorts(home, environment);
  const control = await bindControlSocket(home, ports.log);
  let tellEnded = (): void => {};
  const ended = new Promise<void>((resolve) => (tellEnded = resolve));
  try {
    const client = await createClient(ports, {
      home,
      version: VERSION,
      ...(environment['BANYAN_SECRETS'] === 'memory' && { suggestedSecretStore: 'memory' }),
      onQuit: tellEnded,
    });
    control.serve(client);
    const { handlers } = client;
    const server = serve<'self'>({ handlers, isTrusted: () => true, log: ports.log });
    const api = createClientApi({
      invoke: (name, input) => server.answer('self', name, input),
      subscribe: (listener) => client.subscribe(listener),
    });
    return {
      ...api,
      isOwn: true,
      ended,
      async close() {
        await client.stop();
        await control.stop();
      },
    };
  } catch (error) {
    await control.stop();
    throw error;
  }
}

export async function reachClient(home: string): Promise<ReachedClient> {
  try {
    return await reachRunningClient(home);
  } catch (error) {
    if (!hasCode(error, 'client/not-running')) throw error;
  }
  try {
    return await startOwnClient(home);
  } catch (error) {
    // Somebody else was a moment faster.
    if (hasCode(error, 'client/already-running')) return reachRunningClient(home);
    throw error;
  }
}
