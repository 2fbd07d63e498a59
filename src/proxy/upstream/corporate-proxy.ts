// Where this machine reaches the internet only through a proxy of its network: TCP through it by HTTP CONNECT
// (RFC 9110 9.3.6). TLS then runs inside, so the proxy sees a name and bytes.
import type { Socket } from 'node:net';
import { AppError } from '../../shared/errors.ts';
import { formatHostPort, type HostAndPort } from '../../shared/protocol/host-port.ts';
import type { UpstreamProxy } from '../messages.ts';
import { DialError, dialTcp } from '../net/dial.ts';
import { HeadError, readHead } from '../net/http-head.ts';

const WITHOUT_ANSWER: Record<HeadError['failure'], string> = {
  ended: 'closed the connection without an answer',
  'timed-out': 'gave no answer in time',
  'too-long': 'gave an answer that does not end',
  malformed: 'gave an answer that is not HTTP',
};

/** Rejects with `tunnel/upstream-proxy-failed`, which names the proxy, or DialError `aborted`. */
export async function dialThroughProxy(
  proxy: UpstreamProxy,
  target: HostAndPort,
  { deadlineMs, signal }: { deadlineMs: number; signal?: AbortSignal | undefined },
): Promise<Socket> {
  const where = formatHostPort(proxy);
  const failed = (what: string, cause?: unknown) =>
    new AppError('tunnel/upstream-proxy-failed', `The proxy ${where} ${what}.`, {
      cause,
      details: { proxy: where },
    });
  let socket: Socket;
  try {
    socket = await dialTcp({ host: proxy.host, port: proxy.port, deadlineMs, signal });
  } catch (error) {
    if (error instanceof DialError && error.failure === 'aborted') throw error;
    throw failed('cannot be reached', error);
  }
  const onAbort = () => socket.destroy();
  signal?.addEventListener('abort', onAbort);
  socket.on('error', () => {}); // told below: the head ends early
  try {
    const authority = formatHostPort(target);
    const authorization = proxy.authorization
      ? `Proxy-Authorization: ${proxy.authorization}\r\n`
      : '';
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`);
    const { startLine } = await readHead(socket, deadlineMs);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(startLine)?.[1]);
    if (status >= 200 && status < 300) return socket;
    throw failed(
      status === 407
        ? 'wants a user and a password (status 407)'
        : `does not let us through to ${authority} (status ${status || 'unreadable'})`,
    );
  } catch (error) {
    socket.destroy();
    if (signal?.aborted) throw new DialError('aborted');
    if (error instanceof HeadError) throw failed(WITHOUT_ANSWER[error.failure], error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}
