// A browser's connection ends when no request comes, however slowly a head does; one whose request runs does not.
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPatience } from '../../../../src/edge/access-tier/web/patience.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const begun = () => {
  const patience = createPatience(1_000);
  const socket = new Socket();
  patience.begin(socket);
  /** A request; what is given back is the end of its answer. */
  const request = (): (() => void) => {
    const response = new EventEmitter();
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all that is heard of a response
    patience.served(socket, response as ServerResponse);
    return () => response.emit('close');
  };
  return { patience, socket, request };
};

test('without a request it ends in time', () => {
  const { socket } = begun();
  vi.advanceTimersByTime(999);
  expect(socket.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(socket.destroyed).toBe(true);
});

test('a request that runs has no limit; after the last of several, the time begins anew', () => {
  const { socket, request } = begun();
  const [first, second] = [request(), request()];
  vi.advanceTimersByTime(60_000);
  first();
  vi.advanceTimersByTime(60_000);
  expect(socket.destroyed).toBe(false);
  second();
  vi.advanceTimersByTime(999);
  expect(socket.destroyed).toBe(false);
  vi.advanceTimersByTime(1);
  expect(socket.destroyed).toBe(true);
});

test('one that drains ends at once where nothing runs, else with its answer', () => {
  const idle = begun();
  idle.patience.drain(idle.socket);
  const busy = begun();
  const end = busy.request();
  busy.patience.drain(busy.socket);
  expect([idle.socket.writableEnded, busy.socket.writableEnded]).toEqual([true, false]);
  end();
  expect(busy.socket.writableEnded).toBe(true);
});
