// Spoils what an HTTP server of this process answers to one kind of request, at the last moment: it has done its work by then.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { exhaustive } from '../../src/shared/exhaustive.ts';

export const FAULTS = ['reset', 'truncated', 'empty', 'a page'] as const;
export type Fault = (typeof FAULTS)[number] | 'silent';

interface Started {
  request: IncomingMessage;
  response: ServerResponse;
  socket: Socket;
}

/** @returns how to let the answers through again. */
export function spoil(path: RegExp, fault: Fault): { count: () => number; stop: () => void } {
  let count = 0;
  const onRequest = (message: unknown): void => {
    const { request, response, socket } = message as Started;
    if (!path.test(request.url ?? '')) return;
    count += 1;
    // Nothing is sent before the end, which can then still change the head.
    response.writeHead = ((status: number, headers: Record<string, string> = {}) => {
      response.statusCode = status;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      return response;
    }) as ServerResponse['writeHead'];
    const end = response.end.bind(response) as (chunk?: unknown) => ServerResponse;
    response.end = ((chunk?: unknown) => {
      Reflect.deleteProperty(response, 'writeHead');
      const body = Buffer.from(typeof chunk === 'string' || chunk instanceof Buffer ? chunk : '');
      switch (fault) {
        case 'reset':
          socket.destroy();
          return response;
        case 'silent':
          return response;
        case 'truncated':
          response.setHeader('content-length', body.length);
          response.write(body.subarray(0, body.length / 2), () => socket.destroy());
          return response;
        case 'empty':
          response.setHeader('content-length', 0);
          return end();
        case 'a page': {
          const page = '<!doctype html><title>Sign in to this network</title>';
          response.setHeader('content-type', 'text/html');
          response.setHeader('content-length', page.length);
          return end(page);
        }
        default:
          return exhaustive(fault);
      }
    }) as ServerResponse['end'];
  };
  subscribe('http.server.request.start', onRequest);
  const stop = (): void => void unsubscribe('http.server.request.start', onRequest);
  onTestFinished(stop);
  return { count: () => count, stop };
}
