// Ordinary clients of a local port.
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
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

/** A connection whose two directions end on their own. */
export async function connectDirectly(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** The tunnel that the HTTP proxy at the port opens to the target; with a status other than 200 it is closed. */
export async function connectThroughProxy(port: number, target: string) {
  const connecting = request({ host: '127.0.0.1', port, method: 'CONNECT', path: target });
  connecting.end();
  const [{ statusCode: status }, socket, head] = (await once(connecting, 'connect')) as [
    { statusCode: number },
    Socket,
    Buffer,
  ];
  socket.on('error', () => {});
  if (status !== 200) socket.destroy();
  else if (head.length > 0) socket.unshift(head);
  return { status, socket };
}

/** The next so many bytes; less when the other side ends before. */
export async function readExactly(socket: Socket, size: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= size) resolve();
    });
    socket.on('close', () => resolve());
  });
  return Buffer.concat(chunks);
}

/** All bytes up to the end of the other side; the own side stays as it is. */
export async function readToEnd(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
  await Promise.race([once(socket, 'end'), once(socket, 'close')]);
  return Buffer.concat(chunks);
}
