// Ordinary clients of a local port.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends, ends its half, and returns all that comes back. */
export async function exchangeBytes(port: number, message: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.end(message);
  return text(socket);
}

/** `GET http://<target>/` through a CONNECT of the HTTP proxy at the port. */
export async function getThroughProxy(port: number, target: string) {
  const connecting = request({ host: '127.0.0.1', port, method: 'CONNECT', path: target });
  connecting.end();
  const [{ statusCode }, socket] = (await once(connecting, 'connect')) as [
    { statusCode: number },
    ReturnType<typeof connect>,
  ];
  if (statusCode !== 200) {
    socket.destroy();
    return { status: statusCode, body: '' };
  }
  socket.end(`GET / HTTP/1.1\r\nHost: ${target}\r\nConnection: close\r\n\r\n`);
  return { status: 200, body: await text(socket) };
}
