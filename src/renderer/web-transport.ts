// The contract over HTTP, for the same window in a browser tab on loopback. A one-time key in the page's fragment is
// exchanged for a bearer that lives as long as the tab; signals arrive as lines of JSON on a stream that is reopened
// with back-off. A 401 is final: only a new link helps.
import { isErrorCode, type WireError } from '../shared/errors.ts';
import type { Transport } from '../shared/ipc/bridge.ts';
import type { Reply, SignalListener, SignalName, Signals } from '../shared/ipc/contract.ts';
import { isOver, type Link, type LinkState } from './link.ts';
import { readLines } from './read-lines.ts';
import { transportMessages } from './text/transport.ts';

const BEARER = 'banyan-bearer';
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 5_000;

export interface WebRequest {
  method?: 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string;
  signal?: AbortSignal;
}

/** What a tab gives this transport; tests give their own. */
export interface WebEnvironment {
  fetch: (path: string, init: WebRequest) => Promise<Response>;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  /** Takes the one-time key out of the address bar and the history, and returns it. */
  takeKey: () => string | null;
  wait: (ms: number) => Promise<void>;
}

export interface WebTransport extends Transport {
  link: Link;
}

class Gone extends Error {}

const failed = (code: WireError['code'], message: string): Reply => ({
  ok: false,
  error: { code, message },
});

export function createWebTransport(environment: WebEnvironment = browserTab()): WebTransport {
  const { fetch, storage, takeKey, wait } = environment;
  const signalListeners = new Set<SignalListener>();
  const linkListeners = new Set<(state: LinkState) => void>();
  let state: LinkState = 'connecting';
  let session: Promise<string> | undefined;
  let stopStream: AbortController | undefined;

  const become = (next: LinkState): void => {
    if (state === next || isOver(state)) return;
    state = next;
    for (const listener of linkListeners) listener(next);
  };

  const lose = (how: 'gone' | 'used' = 'gone'): never => {
    storage.removeItem(BEARER);
    become(how);
    throw new Gone();
  };

  // The key is taken out of the address at once, also when the exchange fails: it must not stay in the history.
  let key = takeKey();

  async function openSession(): Promise<string> {
    const stored = storage.getItem(BEARER);
    if (!key) return stored ?? lose();
    const answer = await fetch('/api/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key }),
    });
    if (!answer.ok && answer.status !== 401) throw new Error(`session: ${answer.status}`);
    key = null;
    // A used link that is opened again in the same tab: what the tab already holds may still be good.
    if (!answer.ok) return stored ?? lose('used');
    const { bearer } = (await answer.json()) as { bearer: string };
    storage.setItem(BEARER, bearer);
    return bearer;
  }

  async function request(path: string, init: WebRequest): Promise<Response> {
    if (isOver(state)) throw new Gone();
    session ??= openSession();
    let bearer: string;
    try {
      bearer = await session;
    } catch (error) {
      session = undefined;
      throw error;
    }
    const answer = await fetch(path, {
      ...init,
      headers: { ...init.headers, authorization: `Bearer ${bearer}` },
    });
    return answer.status === 401 ? lose() : answer;
  }

  async function listen(signal: AbortSignal): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    const over = (): boolean => signal.aborted || isOver(state);
    while (!over()) {
      try {
        const answer = await request('/api/signals', { signal });
        if (answer.ok && answer.body) {
          waitMs = FIRST_WAIT_MS;
          become('connected');
          for await (const line of readLines(answer.body)) deliver(line);
        }
      } catch {
        // Refused, reset or aborted: all mean "not now"; whether to try again is decided by the loop's condition.
      }
      if (over()) return;
      become('interrupted');
      await wait(waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }

  function deliver(line: string): void {
    if (line.trim() === '') return;
    const { name, payload } = JSON.parse(line) as {
      name: SignalName;
      payload: Signals[SignalName];
    };
    for (const listener of signalListeners) listener(name, payload as never);
  }

  return {
    async invoke(name, input) {
      try {
        const answer = await request('/api/call', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ name, input }),
        });
        const reply = (await answer.json()) as Reply;
        if (reply.ok || isErrorCode(reply.error.code)) return reply;
        return failed('internal', transportMessages.strangeAnswer);
      } catch (error) {
        return failed(
          'client/not-running',
          error instanceof Gone ? transportMessages.tabGone : transportMessages.noAnswer,
        );
      }
    },
    subscribe(listener) {
      signalListeners.add(listener);
      if (!stopStream) {
        stopStream = new AbortController();
        void listen(stopStream.signal);
      }
      return () => {
        signalListeners.delete(listener);
        if (signalListeners.size > 0) return;
        stopStream?.abort();
        stopStream = undefined;
      };
    },
    link: {
      opensPages: true,
      state: () => state,
      watch(listener) {
        linkListeners.add(listener);
        return () => linkListeners.delete(listener);
      },
    },
  };
}

function browserTab(): WebEnvironment {
  return {
    fetch: (path, init) => fetch(path, { ...init, cache: 'no-store', credentials: 'omit' }),
    storage: sessionStorage,
    takeKey() {
      const key = new URLSearchParams(location.hash.slice(1)).get('key');
      if (key !== null) history.replaceState(null, '', location.pathname + location.search);
      return key;
    },
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
