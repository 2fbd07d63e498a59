// A local program that uploads much is read into ONE big buffer of this thread instead of a new 64 KiB buffer per read:
// half the CPU per byte. Worth its set-up only for those, so a connection changes over when it has shown to be one.
import { type OnReadOpts, Socket } from 'node:net';
import { detachHandle } from './native-handle.ts';

const place = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * A new socket on the same connection, whose bytes go to `receive` (views, and false stops, as with a Landing); the given
 * one is left empty. null: not possible now. Sockets of a server cannot be given `onread`, hence the change of owner.
 */
export function readInBulk(socket: Socket, receive: (bytes: Buffer) => boolean): Socket | null {
  // Bytes that are still on their way would be lost with their owner, and so would a 'drain' that is still to come.
  if (socket.writableLength > 0 || socket.writableNeedDrain) return null;
  if (socket.readableLength > 0 || socket.readableEnded) return null;
  // The new owner would not know of an end that was sent already, and the connection would never be over.
  if (socket.writableEnded) return null;
  const handle = detachHandle(socket);
  if (!handle) return null;
  const onread: OnReadOpts = {
    buffer: place,
    callback: (length) => receive(length === place.length ? place : place.subarray(0, length)),
  };
  const options = { handle, onread, allowHalfOpen: true, readable: true, writable: true };
  return new Socket(options as ConstructorParameters<typeof Socket>[0]);
}
