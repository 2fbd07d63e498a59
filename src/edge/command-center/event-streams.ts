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
  /** The same for now. */
  currentTag: () => Promise<string>;
}

export interface EventStreams {
  open(subscriber: Subscriber): void;
  send<Name extends EventName>(deviceId: string, name: Name, data: EventData<Name>): void;
  stop(): void;
}

const KEEP_ALIVE_MS = 15_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** An ended stream that its connection does not take gets this long. */
const LAST_WORDS_MS = 1_000;
/** A stream that does not read is cut before it fills our memory; the app reconnects and fetches the catalogue. */
const MOST_BUFFERED = 256 * 1024;

export function createEventStreams(
  changes: Changes,
  { keepAliveMs = KEEP_ALIVE_MS }: { keepAliveMs?: number } = {},
): EventStreams {
  const streams = new Set<Subscriber>();

  const cut = (subscriber: Subscriber): void => {
    streams.delete(subscriber);
    subscriber.response.destroy();
  };
  /**
   * Forgotten first: a response that waits behind another one on its connection cannot finish, so its `close` may come
   * much later or never, and a write after its end would be an error.
   */
  const end = (subscriber: Subscriber): void => {
    if (!streams.delete(subscriber)) return;
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
    [...streams].filter(matches);

  const tellChange = async (subscriber: Subscriber): Promise<void> => {
    // When it cannot be told whether anything changed, looking again does no harm.
    const tag = await subscriber.currentTag().catch(() => '');
    if (tag === subscriber.tag || !streams.has(subscriber)) return;
    subscriber.tag = tag;
    tell(subscriber, 'catalog.changed', {});
  };

  const keepAlive = setInterval(() => {
    for (const subscriber of streams) write(subscriber, ':\n\n');
  }, keepAliveMs);
  keepAlive.unref();

  const stopListening = changes.on((change) => {
    switch (change.type) {
      case 'rules-changed':
        for (const subscriber of streams) void tellChange(subscriber);
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
      // Resets are ordinary, and `close` follows them.
      response.on('error', () => {});
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      });
      response.write(':\n\n');
      streams.add(subscriber);
      const over = setTimeout(
        () => end(subscriber),
        Math.min(until - Date.now(), LONGEST_TIMER_MS),
      );
      over.unref();
      response.on('close', () => {
        clearTimeout(over);
        streams.delete(subscriber);
      });
    },
    send(deviceId, name, data) {
      for (const subscriber of each((candidate) => candidate.deviceId === deviceId)) {
        tell(subscriber, name, data);
      }
    },
    stop() {
      clearInterval(keepAlive);
      stopListening();
      for (const subscriber of streams) end(subscriber);
    },
  };
}
