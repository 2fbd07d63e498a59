// Starts and links that come while the app is still starting.
import type { EventEmitter } from 'node:events';
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { listenForStarts } from '../../../../src/main/desktop/links.ts';

const { app } = await vi.hoisted(async () => {
  const { EventEmitter: Emitter } = await import('node:events');
  return { app: Object.assign(new Emitter(), { isPackaged: false }) satisfies EventEmitter };
});
vi.mock('electron', () => ({ app }));
beforeEach(() => void app.removeAllListeners());

function startsAfter(happens: () => void) {
  const shown: (string | undefined)[] = [];
  const starts = listenForStarts();
  happens();
  starts.showWith((link) => void shown.push(link));
  return { shown, wereSeveral: starts.wereSeveral() };
}
const startAgain = (...words: string[]): void =>
  void app.emit('second-instance', {}, ['banyan', ...words]);

it('is one start where nothing else happens, and where macOS says so of the first', () => {
  const one = { shown: [undefined], wereSeveral: false };
  expect(startsAfter(() => {})).toEqual(one);
  expect(startsAfter(() => app.emit('activate'))).toEqual(one);
});

it('does not forget a second start: a person waits for a window that would stay hidden', () => {
  expect(startsAfter(() => startAgain())).toEqual({ shown: [undefined], wereSeveral: true });
});

it('shows the link of the first start, so that it does not stay hidden', () => {
  process.argv.push('banyan://first');
  onTestFinished(() => void process.argv.pop());
  expect(startsAfter(() => {}).shown).toEqual(['banyan://first']);
});

it('shows the link of a second start', () => {
  const { shown } = startsAfter(() => startAgain('banyan://x'));
  expect(shown).toEqual(['banyan://x']);
});
