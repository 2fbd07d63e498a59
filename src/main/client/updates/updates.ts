// Keeps this app new: asks now and then, downloads what is newer, says so once. What replaces the app is behind the port;
// whether it may, and which list of versions it is given, is decided here.
import { AppError, toWireError } from '../../../shared/errors.ts';
import {
  isManagedOff,
  mayCheck,
  nextUpdates,
  type UpdatesEvent,
} from '../../../shared/model/updates.ts';
import { systemRoots } from '../adapters/system-roots.ts';
import { createConnection, type Network } from '../organisation/connection.ts';
import type { ClientPorts } from '../ports.ts';
import { updatesFile } from '../settings/files.ts';
import { jsonFile } from '../settings/json-file.ts';
import type { Shown } from '../shown.ts';
import { DownloadAgent } from './download-agent.ts';
import { fetchFeed } from './feed.ts';

const HOUR_MS = 3_600_000;
/** Not in the rush of a start. */
const FIRST_MS = 2 * 60_000;
const EVERY_MS = 6 * HOUR_MS;
const AFTER_FAILURE_MS = HOUR_MS;
/** Thousands that start in the morning do not ask together. */
const JITTER_SHARE = 0.5;

export interface UpdatesOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'notifier' | 'updater' | 'publicRoots'>;
  network: Network;
  /** See settings/layout.ts. */
  path: string;
  shown: Shown;
  /** What holds now: by itself or not, and who has switched it off for everybody. */
  wishes: () => { byItself: boolean; offBy: string | null };
  /** Reads the managed deployment file: one that came a minute ago counts. */
  look: () => Promise<void>;
}

export function createUpdates(options: UpdatesOptions) {
  const { shown, network, wishes } = options;
  const { clock, log, notifier, updater } = options.ports;
  const kept = jsonFile(options.path, updatesFile, log);
  let cancelTimer = (): void => {};
  let running: { abort: AbortController; done: Promise<void> } | null = null;
  let isStopped = false;

  const current = () => shown.slices.updates;
  const change = (event: UpdatesEvent): void => shown.updates(nextUpdates(current(), event));

  /** What was set holds from now on; what must not go on ends. */
  function follow(): void {
    const { byItself, offBy } = wishes();
    change(offBy === null ? { type: 'switched-on' } : { type: 'switched-off', by: offBy });
    updater?.takeAtQuit(byItself && offBy === null);
    if (offBy !== null) running?.abort.abort();
  }

  function schedule(afterMs: number): void {
    cancelTimer();
    cancelTimer = (): void => {};
    if (isStopped || !updater?.source) return;
    const spreadMs = afterMs * (1 + Math.random() * JITTER_SHARE);
    cancelTimer = clock.after(spreadMs, () => {
      const looked = wishes().byItself ? check() : Promise.resolve();
      looked
        .catch((error: unknown) => log.error('could not look for a newer version', { error }))
        .finally(() => schedule(current().status === 'failed' ? AFTER_FAILURE_MS : EVERY_MS));
    });
  }

  async function check(): Promise<void> {
    await options.look();
    follow();
    if (isStopped || running || !mayCheck(current())) return;
    change({ type: 'started' });
    const abort = new AbortController();
    const found = find(abort.signal);
    const done = found
      .then((version) => (version === null ? undefined : download(version, abort.signal)))
      .catch((error: unknown) => {
        log.warn('no newer version', { error });
        change({ type: 'failed', error: toWireError(error) });
      })
      .finally(() => (running = null));
    running = { abort, done };
    await found.catch(() => {}); // told in the state
  }

  /** The version that is newer, meant for this computer, and signed for; null: none is. */
  async function find(signal: AbortSignal): Promise<string | null> {
    if (!updater?.source) return null;
    const roots = options.ports.publicRoots?.() ?? systemRoots();
    const connection = createConnection({ root: [...roots] }, network);
    try {
      const before = await kept.read();
      const { feed, signedAt } = await fetchFeed(
        connection,
        updater.source,
        before?.signedAt ?? null,
        signal,
      );
      if (before?.signedAt !== signedAt) await kept.write({ ...before, version: 1, signedAt });
      const version = await updater.offered(feed);
      if (version === null) change({ type: 'nothing-newer', at: clock.now() });
      else change({ type: 'found', version });
      return version;
    } finally {
      await connection.destroy();
    }
  }

  async function download(version: string, signal: AbortSignal): Promise<void> {
    // Ended while the list was read: what has ended tells no listener, and the app's end would wait for the whole file.
    if (signal.aborted) return;
    const roots = options.ports.publicRoots?.() ?? systemRoots();
    const agent = new DownloadAgent(roots, network.chooseProxy);
    try {
      await updater?.download({
        agent,
        signal,
        onShare: (share) => change({ type: 'progressed', share }),
      });
    } finally {
      agent.destroy();
    }
    // Switched off meanwhile.
    if (signal.aborted) return;
    change({ type: 'downloaded' });
    log.info('a newer version is ready', { version });
    await tell(version);
  }

  /** Once: a computer that is never quit properly would hear it at every start. */
  async function tell(version: string): Promise<void> {
    const before = await kept.read();
    if (before?.told === version) return;
    const title = `Banyan ${version} is ready`;
    notifier?.show({
      kind: 'update',
      title,
      body: 'Restart Banyan to use it, or quit it when you like.',
    });
    if (before) await kept.write({ ...before, told: version });
  }

  const hindrance = updater ? updater.hindrance : 'not-the-app';
  if (hindrance) shown.updates({ status: 'off', because: hindrance });
  follow();

  return {
    follow,

    start(): void {
      schedule(FIRST_MS);
    },

    /** A person asks: also where nothing is done by itself. */
    async checkNow() {
      await check();
      const updates = current();
      if (updates.status === 'off') throw isOff(updates);
      return updates;
    },

    async install(connected: number): Promise<void> {
      await options.look();
      follow();
      const updates = current();
      if (updates.status !== 'ready' || !updater) {
        throw new AppError('updates/not-ready', 'No newer version is ready to be used.');
      }
      await updater.restart(connected, updates.version);
    },

    async stop(): Promise<void> {
      isStopped = true;
      cancelTimer();
      running?.abort.abort();
      await running?.done;
    },
  };
}

const isOff = (updates: Parameters<typeof isManagedOff>[0]): AppError =>
  new AppError(
    'updates/off',
    isManagedOff(updates)
      ? `Updates are switched off by ${updates.by}.`
      : 'This Banyan cannot replace itself.',
  );
