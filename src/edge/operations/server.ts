// The port for whoever looks after the edge: whether it works, and its numbers. Plain HTTP without a question who asks, so
// it belongs on loopback or a network of its own.
import { createServer, type Server } from 'node:http';
import { AppError } from '../../shared/errors.ts';
import { send } from '../http/exchange.ts';
import { type Log, reason } from '../log.ts';

export interface Operations {
  /** What is not well; empty: all is. Rejecting is not well either. */
  troubles: () => Promise<string[]>;
  metrics: () => string;
  log: Log;
}

const LIMITS = { headersTimeout: 5_000, requestTimeout: 5_000, maxHeaderSize: 8 * 1024 };
const MOST_CONNECTIONS = 64;
const TEXT = { 'Content-Type': 'text/plain; charset=utf-8' };
const PROMETHEUS = { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' };

export function createOperationsServer({ troubles, metrics, log }: Operations): Server {
  const server = createServer(LIMITS, (request, response) => {
    const path = request.url?.split('?')[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return send(response, 405, 'Only GET.\n', { ...TEXT, Allow: 'GET, HEAD' });
    }
    if (path === '/metrics') return send(response, 200, metrics(), PROMETHEUS);
    if (path !== '/health') return send(response, 404, 'There are /health and /metrics.\n', TEXT);
    void troubles()
      .catch((error: unknown) => {
        if (error instanceof AppError) return [error.message];
        log('error', 'the health of this edge cannot be told', { reason: reason(error) });
        return ['its health cannot be told; the log says why'];
      })
      .then((found) =>
        send(response, found.length === 0 ? 200 : 503, `${found.join('\n') || 'ok'}\n`, TEXT),
      );
  });
  server.maxConnections = MOST_CONNECTIONS;
  return server;
}
