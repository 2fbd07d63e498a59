// One request to a web service's backend on a connection of its own, and its answer back, streaming both ways: whoever
// reads slowly slows the other side down.
import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { relay } from '../../../proxy/net/relay.ts';
import { fieldsForBrowser, type Fields } from './headers.ts';

export interface Forwarding {
  request: IncomingMessage;
  response: ServerResponse;
  /** Connected to the backend, nothing said yet. */
  backend: Socket;
  fields: Fields;
  idleMs: number;
  /** Of a WebSocket (RFC 6455): the browser's connection, and what came behind its head. */
  upgrade?: { socket: Duplex; head: Buffer } | undefined;
}

/** Rejects when there is no answer to pass on; afterwards nothing is left open. */
export async function forward(forwarding: Forwarding): Promise<void> {
  const { request, response, backend, fields, idleMs, upgrade } = forwarding;
  const outgoing = httpRequest({
    createConnection: () => backend,
    method: request.method,
    path: request.url,
    headers: upgrade ? { ...fields, connection: 'Upgrade', upgrade: 'websocket' } : fields,
    setHost: false,
  });
  backend.setTimeout(idleMs, () => backend.destroy(new Error('idle')));
  // A browser that goes away takes its request with it.
  response.once('close', () => {
    if (!response.writableFinished && !upgrade) backend.destroy();
  });
  try {
    const sending = upgrade ? Promise.resolve(outgoing.end()) : pipeline(request, outgoing);
    // It may answer before it has read everything, and then close: the answer counts.
    sending.catch(() => {});
    const answer = await answerOf(outgoing);
    if ('switched' in answer && upgrade) return await relayUpgrade(answer, upgrade, idleMs);
    response.sendDate = false;
    const { statusCode = 502, statusMessage } = answer.message;
    response.writeHead(statusCode, statusMessage, fieldsForBrowser(answer.message));
    await pipeline(answer.message, response);
  } finally {
    backend.destroy();
  }
}

type Answer = { message: IncomingMessage } | Switched;
interface Switched {
  message: IncomingMessage;
  switched: Duplex;
  head: Buffer;
}

const answerOf = (outgoing: ClientRequest): Promise<Answer> =>
  new Promise((resolve, reject) => {
    outgoing.once('response', (message) => resolve({ message }));
    outgoing.once('upgrade', (message, switched, head) => resolve({ message, switched, head }));
    outgoing.once('close', () => reject(new Error('the backend has not answered')));
    outgoing.on('error', reject);
  });

async function relayUpgrade(
  { message, switched, head }: Switched,
  upgrade: NonNullable<Forwarding['upgrade']>,
  idleMs: number,
): Promise<void> {
  const raw = [...fieldsForBrowser(message), 'Connection', 'Upgrade', 'Upgrade', 'websocket'];
  const lines = raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []));
  upgrade.socket.write(
    Buffer.from(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`, 'latin1'),
  );
  if (head.length > 0) switched.unshift(head);
  if (upgrade.head.length > 0) upgrade.socket.unshift(upgrade.head);
  await relay(upgrade.socket, switched, { idleMs });
}
