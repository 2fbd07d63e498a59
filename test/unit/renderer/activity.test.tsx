// @vitest-environment happy-dom
import { afterEach, describe, expect, it } from 'vitest';
import type { LogLine } from '../../../src/shared/model/activity.ts';
import { matching, withMore } from '../../../src/renderer/features/activity/log-lines.ts';
import { durationWords } from '../../../src/shared/model/connection-words.ts';
import { aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

const line = (number: number, change: Partial<LogLine> = {}): LogLine => ({
  number,
  at: 0,
  level: 'info',
  message: `line ${number}`,
  service: null,
  facts: '',
  ...change,
});

describe('the lines of the log', () => {
  it('grow by what is new, and are bounded', () => {
    const some = withMore([], { lines: [line(1), line(2)], newest: 2 });
    expect(withMore(some, { lines: [], newest: 2 })).toBe(some);
    expect(withMore(some, { lines: [line(2), line(3)], newest: 3 })).toHaveLength(3);
    const many = Array.from({ length: 10_500 }, (_, index) => line(index + 3));
    const full = withMore(some, { lines: many, newest: 10_502 });
    expect(full).toHaveLength(10_000);
    expect(full.at(-1)?.number).toBe(10_502);
  });

  it('begin anew with a client that was started anew', () => {
    expect(withMore([line(7)], { lines: [], newest: 2 })).toEqual([]);
  });

  it('are narrowed to a service and to what is important', () => {
    const lines = [
      line(1, { service: 'a' }),
      line(2, { service: 'a', level: 'error' }),
      line(3, { service: 'b', level: 'warn' }),
    ];
    const numbers = (service: string | null, level: 'info' | 'warn' | 'error') =>
      matching(lines, { service, level }).map(({ number }) => number);
    expect(numbers(null, 'info')).toEqual([1, 2, 3]);
    expect(numbers('a', 'info')).toEqual([1, 2]);
    expect(numbers(null, 'warn')).toEqual([2, 3]);
    expect(numbers('a', 'error')).toEqual([2]);
  });
});

it.each([
  [400, '0.4 s'],
  [42_000, '42 s'],
  [200_000, '3 min 20 s'],
  [7_500_000, '2 h 5 min'],
])('%i ms are %s', (ms, words) => expect(durationWords(ms)).toBe(words));

describe('the activity page', () => {
  let app: RenderedApp;
  afterEach(() => app.unmount());

  it('asks only while it is looked at, and not for the log while that is paused', async () => {
    app = await renderApp(aSnapshot(), (fake) => {
      fake.answer('activity.log', () => ({ lines: [], newest: 0 }));
      fake.answer('activity.connections', () => ({ revision: 1, connections: [] }));
    });
    const asked = () => app.fake.calls.filter(({ name }) => name.startsWith('activity.')).length;
    const rest = () => new Promise((done) => setTimeout(done, 1_300));
    expect(asked()).toBe(0);
    await app.click('Activity');
    expect(app.text()).toContain('No connections yet');
    await app.act(() =>
      document.querySelector<HTMLElement>('[role=radio][aria-label=Log]')!.click(),
    );
    await app.click('Pause');
    const before = asked();
    await rest();
    expect(asked()).toBe(before);
    await app.click('Resume');
    expect(asked()).toBeGreaterThan(before);
    await app.click('Services');
    const left = asked();
    await rest();
    expect(asked()).toBe(left);
  });

  it('is a list where there are connections', async () => {
    app = await renderApp(aSnapshot(), (fake) =>
      fake.answer('activity.connections', () => ({
        revision: 1,
        connections: [
          {
            id: 1,
            service: 'gone.bnn',
            target: 'db:5432',
            startedAt: Date.now(),
            bytesSent: 1200,
            bytesReceived: 88_000,
            durationMs: 42_000,
            outcome: 'denied' as const,
            because: { code: 'tunnel/denied' as const, message: 'Only 5432.' },
          },
        ],
      })),
    );
    await app.click('Activity');
    expect(document.querySelector('[aria-label=Connections]')).not.toBeNull();
  });
});
