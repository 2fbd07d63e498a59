// Reads the Command Center's server-sent events for a test.
import type { ClientRequest } from 'node:http';
import { request } from 'node:https';
import { loopbackLookup } from '../../src/proxy/net/loopback.ts';
import type { SignedIn } from './scripted-device.ts';
import type { TestEdge } from './start-edge.ts';

export interface EventReader {
  /** Names of all events so far. */
  seen: string[];
  /** The next event of that name, also one that has come already; each is given once. */
  next(name: string): Promise<unknown>;
  /** Resolves when the edge ends the stream. */
  ended: Promise<void>;
  close(): void;
}

export async function openEvents(
  edge: Pick<TestEdge, 'edge'>,
  person: SignedIn,
): Promise<EventReader> {
  const seen: string[] = [];
  const waiting: { name: string; data: unknown }[] = [];
  let wake = (): void => {};
  let text = '';
  let sent: ClientRequest | undefined;
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  await new Promise<void>((resolve, reject) => {
    sent = request(
      `${edge.edge.document.command_center}/events`,
      {
        ca: edge.edge.root,
        ...person.device.identity,
        lookup: loopbackLookup,
        agent: false,
        headers: { authorization: `Bearer ${person.trustToken}` },
      },
      (response) => {
        if (response.statusCode !== 200) reject(new Error(`events: ${response.statusCode}`));
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
          const messages = text.split('\n\n');
          text = messages.pop() ?? '';
          for (const message of messages) {
            const name = /^event: (.*)$/m.exec(message)?.[1];
            const data = /^data: (.*)$/m.exec(message)?.[1];
            if (!name) continue;
            seen.push(name);
            waiting.push({ name, data: JSON.parse(data ?? 'null') });
          }
          resolve(); // the comment that opens the stream
          wake();
        });
        response.on('close', () => end());
        response.on('error', () => end());
      },
    );
    sent.on('error', reject);
    sent.end();
  });
  return {
    seen,
    ended,
    async next(name) {
      for (;;) {
        const index = waiting.findIndex((each) => each.name === name);
        const [found] = index < 0 ? [] : waiting.splice(index, 1);
        if (found) return found.data;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    close: () => sent?.destroy(),
  };
}
