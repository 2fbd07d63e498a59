// A way through the proxy of the network: CONNECT (RFC 9110 9.3.6), then the socket as if it were straight.
import { request } from 'node:http';
import type { Socket } from 'node:net';
import { loopbackLookup, type UpstreamProxy } from '../../../proxy/index.ts';
import { AppError } from '../../../shared/errors.ts';
import { formatHostPort, type HostAndPort } from '../../../shared/protocol/host-port.ts';
import { proxyName } from '../adapters/upstream-proxy.ts';

export function connectThrough(
  proxy: UpstreamProxy,
  target: HostAndPort,
  timeoutMs: number,
  done: (...result: [error: null, way: Socket] | [error: AppError, way: null]) => void,
): void {
  const name = proxyName(proxy);
  const authority = formatHostPort(target);
  const asked = request({
    method: 'CONNECT',
    host: proxy.host,
    port: proxy.port,
    path: authority,
    agent: false,
    lookup: loopbackLookup,
    headers: {
      host: authority,
      ...(proxy.authorization !== null && { 'proxy-authorization': proxy.authorization }),
    },
  });
  let isOver = false;
  const end = (way: Socket | null, why = '', cause?: unknown): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(deadline);
    if (way) return done(null, way);
    asked.destroy();
    const message = `The proxy ${name} does not lead to ${authority}: ${why}.`;
    const details = { proxy: name };
    done(new AppError('tunnel/upstream-proxy-failed', message, { cause, details }), null);
  };
  const deadline = setTimeout(() => end(null, 'no answer in time'), timeoutMs);
  asked
    .on('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy();
        return end(null, refusal(statusCode));
      }
      if (head.length > 0) socket.unshift(head);
      return end(socket);
    })
    // A server that does not know CONNECT answers it as any other request.
    .on('response', ({ statusCode = 0 }) => end(null, refusal(statusCode)))
    .on('error', (error) => end(null, 'it cannot be reached', error))
    .end();
}

const refusal = (status: number): string =>
  status === 407 ? 'it wants a user name and a password (407)' : `it answered ${status}`;
