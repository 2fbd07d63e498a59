import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createWayWatch } from '../../../src/proxy/way-watch.ts';
import { AppError } from '../../../src/shared/errors.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const unreachable = new AppError('tunnel/unreachable', 'Nothing answers.');

/** `way.answer`: what the next questions get. */
function aWatch() {
  const told: string[] = [];
  const way = { asked: 0, answer: (): Promise<boolean> => Promise.resolve(true) };
  const watch = createWayWatch({
    prove(signal) {
      way.asked += 1;
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        way.answer().then(resolve, reject);
      });
    },
    onLost: ({ code }) => told.push(code),
    onRestored: () => told.push('restored'),
  });
  return { watch, way, told };
}

it('tells a loss once, asks again and again, later each time, and tells the return', async () => {
  const { watch, way, told } = aWatch();
  way.answer = () => Promise.reject(unreachable);
  watch.lost(unreachable);
  watch.lost(unreachable);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(way.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(way.asked).toBeLessThan(9);
  way.answer = () => Promise.resolve(true);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told).toEqual(['tunnel/unreachable', 'restored']);
  expect(vi.getTimerCount()).toBe(0);
});

it('knows within five seconds of a check that nobody answers', async () => {
  const { watch, way, told } = aWatch();
  way.answer = () => new Promise(() => {});
  watch.check();
  await vi.advanceTimersByTimeAsync(4_999);
  expect(told).toEqual(['tunnel/unreachable']);
});

it('does not call a lost way restored that nobody could ask for', async () => {
  const { watch, way, told } = aWatch();
  watch.lost(unreachable);
  way.answer = () => Promise.resolve(false);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(told).toEqual(['tunnel/unreachable']);
  way.answer = () => Promise.resolve(true);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(told).toEqual(['tunnel/unreachable', 'restored']);
});

it('asks nothing more of a tunnel that is closed, though its last connection fails later', async () => {
  const { watch, way, told } = aWatch();
  watch.stop();
  watch.lost(unreachable);
  watch.check();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(way.asked).toBe(0);
  expect(told).toEqual([]);
});
