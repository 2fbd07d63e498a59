// Server-sent events: open streams by device, and what is told to which.
import type { ServerResponse } from 'node:http';
import type { EventData, EventName } from '../../shared/protocol/events.ts';
import type { Changes } from '../changes.ts';

export interface Subscriber {
  deviceId: string;
  sessionId: string;
  response: ServerResponse;
  /** When the stream ends by itself: milliseconds since the epoch. */
  until: number;
  /** Identifies what this person's catalogue held when the stream was opened. */
  tag: string;
  /** What it holds at this moment. */
  currentTag: () => Promise<string>;
  /** Why it is accepted no more, as another edge was told; null: it is, or nobody gave a reason. */
  lastWord: () => Promise<LastWord | null>;
}

export interface LastWord {
  name: 'session.ended' | 'device.revoked';
  reason: string;
}

export interface EventStreams {
  /** Nothing happens when the connection has gone meanwhile; beyond eight of a device its oldest ends. */
  open(subscriber: Subscriber): void;
  send<Name extends EventName>(deviceId: string, name: Name, data: EventData<Name>): void;
  stop(): void;
}

const KEEP_ALIVE_MS = 15_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** One app opens one; a few more are reconnections whose end was not noticed yet. */
const MOST_PER_DEVICE = 8;
/** An ended stream that its connection does not take gets this long. */
const LAST_WORDS_MS = 1_000;
/** A stream that does not read is cut before it fills our memory; the app reconnects and fetches the catalogue. */
const MOST_BUFFERED = 256 * 1024;

export function createEventStreams(
  changes: Changes,
  { keepAliveMs = KEEP_ALIVE_MS }: { keepAliveMs?: number } = {},
): EventStreams {
  /** In the order they were opened, each with what forgets it. */
  const streams = new Map<Subscriber, () => void>();
  let isStopped = false;

  const cut = (subscriber: Subscriber): void => {
    streams.get(subscriber)?.();
    subscriber.response.destroy();
  };
  /**
   * Forgotten first: a response that waits behind another one on its connection cannot finish, so its `close` may come
   * much later or never, and a write after its end would be an error.
   */
  const end = (subscriber: Subscriber): void => {
    const forget = streams.get(subscriber);
    if (!forget) return;
    forget();
    const { response } = subscriber;
    response.end();
    const deadline = setTimeout(() => response.destroy(), LAST_WORDS_MS);
    deadline.unref();
    response.on('close', () => clearTimeout(deadline));
  };
  const write = (subscriber: Subscriber, text: string): void => {
    const { response } = subscriber;
    if (response.writableEnded || response.destroyed) return;
    response.write(text);
    if (response.writableLength > MOST_BUFFERED) cut(subscriber);
  };
  const tell = (subscriber: Subscriber, name: EventName, data: unknown): void =>
    write(subscriber, `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  const each = (matches: (subscriber: Subscriber) => boolean): Subscriber[] =>
    [...streams.keys()].filter(matches);

  const tellChange = async (subscriber: Subscriber): Promise<void> => {
    // Where the store does not answer nothing is known; connections are refused all the same.
    const last = await subscriber.lastWord().catch(() => null);
    if (last && streams.has(subscriber)) {
      tell(subscriber, last.name, { reason: last.reason });
      end(subscriber);
      return;
    }
    // When it cannot be told whether anything changed, looking again does no harm.
    const tag = await subscriber.currentTag().catch(() => '');
    if (tag === subscriber.tag || !streams.has(subscriber)) return;
    subscriber.tag = tag;
    tell(subscriber, 'catalog.changed', {});
  };

  const keepAlive = setInterval(() => {
    for (const subscriber of streams.keys()) write(subscriber, ':\n\n');
  }, keepAliveMs);
  keepAlive.unref();

  const stopListening = changes.on((change) => {
    switch (change.type) {
      case 'rules-changed':
        for (const subscriber of streams.keys()) void tellChange(subscriber);
        break;
      case 'trust-level-changed':
        for (const subscriber of each(({ deviceId }) => deviceId === change.deviceId)) {
          void tellChange(subscriber);
        }
        break;
      case 'device-revoked':
        for (const subscriber of each(({ deviceId }) => deviceId === change.deviceId)) {
          tell(subscriber, 'device.revoked', { reason: change.reason });
          end(subscriber);
        }
        break;
      case 'device-unregistered':
        for (const subscriber of each(({ deviceId }) => deviceId === change.deviceId)) {
          end(subscriber);
        }
        break;
      case 'session-ended':
        for (const subscriber of each(({ sessionId }) => sessionId === change.sessionId)) {
          // Who signed out by themselves need not be told.
          if (change.reason) tell(subscriber, 'session.ended', { reason: change.reason });
          end(subscriber);
        }
        break;
    }
  });

  return {
    open(subscriber) {
      const { response, until } = subscriber;
      const connection = response.req.socket;
      // Its `close` has been and would never be heard.
      if (response.destroyed || connection.destroyed) return;
      // Nobody would end it any more, and an app would wait for its next word.
      if (isStopped) {
        response.writeHead(503, { Connection: 'close' }).end();
        return;
      }
      const same = each(({ deviceId }) => deviceId === subscriber.deviceId);
      for (const oldest of same.slice(0, Math.max(0, same.length + 1 - MOST_PER_DEVICE)))
        end(oldest);
      // Resets are ordinary, and `close` follows them.
      response.on('error', () => {});
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      });
      response.write(':\n\n');
      const over = setTimeout(
        () => end(subscriber),
        Math.min(until - Date.now(), LONGEST_TIMER_MS),
      );
      over.unref();
      const forget = (): void => {
        clearTimeout(over);
        streams.delete(subscriber);
        connection.off('close', forget);
      };
      streams.set(subscriber, forget);
      response.on('close', forget);
      // A response that still waits behind another one is not told that its connection has gone.
      connection.on('close', forget);
    },
    send(deviceId, name, data) {
      for (const subscriber of each((candidate) => candidate.deviceId === deviceId)) {
        tell(subscriber, name, data);
      }
    },
    stop() {
      isStopped = true;
      clearInterval(keepAlive);
      stopListening();
      for (const subscriber of streams.keys()) end(subscriber);
    },
  };
}
