// Server-sent events: open streams by device, and what is told to which.
import type { ServerResponse } from 'node:http';
import type { EventData, EventName } from '../../shared/protocol/events.ts';
import type { Changes } from '../changes.ts';

export interface Subscriber {
  deviceId: string;
  sessionId: string;
  response: ServerResponse;
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
/** A stream that does not read is cut before it fills our memory; the app reconnects and fetches the catalogue. */
const MOST_BUFFERED = 256 * 1024;

export function createEventStreams(changes: Changes): EventStreams {
  const streams = new Set<Subscriber>();

  const write = (subscriber: Subscriber, text: string): void => {
    subscriber.response.write(text);
    if (subscriber.response.writableLength > MOST_BUFFERED) subscriber.response.destroy();
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
  }, KEEP_ALIVE_MS);
  keepAlive.unref();

  const stopListening = changes.on((change) => {
    switch (change.type) {
      case 'rules-changed':
        for (const subscriber of streams) void tellChange(subscriber);
        break;
      case 'device-revoked':
        for (const subscriber of each(({ deviceId }) => deviceId === change.deviceId)) {
          tell(subscriber, 'device.revoked', { reason: change.reason });
          subscriber.response.end();
        }
        break;
      case 'device-unregistered':
        for (const { response } of each(({ deviceId }) => deviceId === change.deviceId)) {
          response.end();
        }
        break;
      case 'session-ended':
        for (const subscriber of each(({ sessionId }) => sessionId === change.sessionId)) {
          // Who signed out by themselves need not be told.
          if (change.reason) tell(subscriber, 'session.ended', { reason: change.reason });
          subscriber.response.end();
        }
        break;
    }
  });

  return {
    open(subscriber) {
      const { response } = subscriber;
      response.writeHead(200, {
        'Content-Type': 'text/event-stream',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      });
      response.write(':\n\n');
      streams.add(subscriber);
      response.on('close', () => streams.delete(subscriber));
    },
    send(deviceId, name, data) {
      for (const subscriber of each((candidate) => candidate.deviceId === deviceId)) {
        tell(subscriber, name, data);
      }
    },
    stop() {
      clearInterval(keepAlive);
      stopListening();
      for (const { response } of streams) response.end();
    },
  };
}
