// The client that a command talks to: the one that runs, or one of its own for as long as it takes.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createFileLog } from '../main/client/adapters/log.ts';
import type { Log } from '../main/client/ports.ts';
import { layout } from '../main/client/settings/layout.ts';
import { connectControlSocket } from '../main/ipc/control-client.ts';
import { serve } from '../main/ipc/serve.ts';
import { AppError, isErrorCode } from '../shared/errors.ts';
import { createClientApi } from '../shared/ipc/bridge.ts';
import type { ClientApi } from '../shared/ipc/contract.ts';
import { allCallNames } from '../shared/ipc/names.ts';
import { withProgress } from './progress.ts';

export interface ReachedClient extends ClientApi {
  /** Lives only as long as this command. */
  readonly isOwn: boolean;
  /** The client has stopped, by `banyan quit` for one. */
  readonly ended: Promise<void>;
  readonly log: Log;
  close(): Promise<void>;
}

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof AppError && isErrorCode(code) && error.code === code;

export async function reachRunningClient(home: string): Promise<ReachedClient> {
  const client = await connectControlSocket(home);
  return {
    call: (name, input) =>
      client.call(name, input).catch((error: unknown) => Promise.reject(asOfOlder(error))),
    subscribe: (listener) => client.subscribe(listener),
    isOwn: false,
    ended: client.ended,
    log: createFileLog({ file: layout(home).log, level: 'info' }),
    close() {
      client.close();
      return Promise.resolve();
    },
  };
}

/** What is installed was replaced while it ran: it has never heard of what this command asks for. */
export const asOfOlder = (error: unknown): unknown =>
  error instanceof AppError && error.details?.['isUnknownCall'] === true
    ? new AppError('client/other-version', 'The Banyan that runs is older than this command.', {
        cause: error,
      })
    : error;

/** A client that is gone without a trace: nobody has registered here. */
async function startNowhere(): Promise<ReachedClient> {
  const home = await mkdtemp(path.join(tmpdir(), 'banyan-'));
  const remove = (): Promise<void> => rm(home, { recursive: true, force: true });
  try {
    const client = await startOwnClient(home, { stays: false });
    const close = async (): Promise<void> => {
      await client.close();
      await remove();
    };
    return { ...client, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Other commands reach this client too while it runs. */
export async function startOwnClient(
  home: string,
  { link, stays = true }: { link?: string; stays?: boolean } = {},
): Promise<ReachedClient> {
  // Only now: a command that uses the running client starts twice as fast without.
  const { runClient } = await import('../main/run-client.ts');
  const client = await runClient({ home, link, stays });
  const { handlers, log, ended } = client;
  const server = serve<'self'>({ handlers, calls: allCallNames, isTrusted: () => true, log });
  const api = createClientApi({
    invoke: (name, input) => server.answer('self', name, input),
    subscribe: (listener) => client.subscribe(listener),
  });
  return { ...api, isOwn: true, ended, log, close: () => client.stop() };
}

/**
 * `stays`: one of its own would be more than a helper of this command. `readsOnly`: where there is nothing yet, nothing is
 * begun by looking.
 */
export async function reachClient(
  home: string,
  options: ReachOptions = {},
): Promise<ReachedClient> {
  const client = await reached(home, options);
  // One that stays is asked by a window, which shows itself what it waits for.
  return options.stays ? client : withProgress(client);
}

export interface ReachOptions {
  stays?: boolean;
  readsOnly?: boolean;
}

async function reached(
  home: string,
  { stays = false, readsOnly = false }: ReachOptions,
): Promise<ReachedClient> {
  if (readsOnly && !existsSync(home)) return startNowhere();
  try {
    return await reachRunningClient(home);
  } catch (error) {
    if (!hasCode(error, 'client/not-running')) throw error;
  }
  try {
    return await startOwnClient(home, { stays });
  } catch (error) {
    // Somebody else was a moment faster.
    if (hasCode(error, 'client/already-running')) return reachRunningClient(home);
    throw error;
  }
}
