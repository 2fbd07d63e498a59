// Signals to a browser tab: one JSON object a line for as long as the tab listens.
import type { ServerResponse } from 'node:http';
import type { Client } from '../client/index.ts';

/** A tab that has gone without a word is found out by this, and a proxy in between does not time out. */
const HEARTBEAT_MS = 15_000;
/** A tab that does not read is cut off; it asks for a new snapshot when it is back. */
const MOST_UNREAD_BYTES = 1024 * 1024;

export function streamSignals(
  client: Pick<Client, 'subscribe'>,
  response: ServerResponse,
  headers: Record<string, string>,
): void {
  response.writeHead(200, { ...headers, 'content-type': 'application/x-ndjson; charset=utf-8' });
  const send = (line: string): void => {
    if (response.writableLength > MOST_UNREAD_BYTES) response.destroy();
    else response.write(line);
  };
  // At once, so that the tab knows that from here on it misses nothing.
  send('\n');
  const heartbeat = setInterval(() => send('\n'), HEARTBEAT_MS);
  const unsubscribe = client.subscribe((name, payload) => {
    send(`${JSON.stringify({ name, payload })}\n`);
  });
  response.once('close', () => {
    clearInterval(heartbeat);
    unsubscribe();
  });
}
