// The rules in memory while changes of the store are not heard: nobody may be judged by them before all is read again.
import { expect, onTestFinished, test, vi } from 'vitest';
import { createChanges } from '../../../../src/edge/changes.ts';
import { createStoreFollower } from '../../../../src/edge/store/follower.ts';
import type { CollectionName } from '../../../../src/edge/store/store.ts';
import { until } from '../../../support/until.ts';

test('the rules are those that hold only once they are read again, whatever else changes meanwhile', async () => {
  let answered = (): void => {};
  let asked = 0;
  const followed: string[] = [];
  const changes = createChanges();
  changes.on(({ type }) => followed.push(type));
  const follower = createStoreFollower({
    rulebook: {
      reread() {
        asked += 1;
        return new Promise<void>((resolve) => (answered = resolve));
      },
    },
    settings: { reread: () => Promise.resolve() },
    acme: null,
    changes,
    log: () => {},
  });
  follower.deafened();
  follower.changed(null);
  await until(async () => asked === 1);
  // Somebody signs in while the database is still slow.
  follower.changed('issuer');
  await until(async () => followed.length === 1);
  expect(follower.isCurrent()).toBe(false);
  answered();
  await until(async () => follower.isCurrent());
  follower.stop();
});

test.for<[CollectionName | null, string[]]>([
  ['documents', ['rulebook']],
  ['settings', ['settings']],
  ['acmeCertificates', ['acme']],
  ['devices', ['rules-changed']],
  ['users', ['rules-changed']],
  ['issuer', ['rules-changed']],
  [null, ['rulebook', 'settings', 'acme', 'rules-changed']],
  ['apiKeys', []],
])('after a change of %s is read, or judged, again: %j', async ([collection, expected]) => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const followed: string[] = [];
  const reads = (name: string) => ({ reread: async () => void followed.push(name) });
  const changes = createChanges();
  changes.on(({ type }) => followed.push(type));
  const follower = createStoreFollower({
    rulebook: reads('rulebook'),
    settings: reads('settings'),
    acme: reads('acme'),
    changes,
    log: () => {},
  });
  follower.changed(collection);
  await vi.advanceTimersByTimeAsync(50);
  expect(followed).toEqual(expected);
});

test('that changes cannot be read is told once for each time that it begins, and so is its end', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let isAway = true;
  const logged: string[] = [];
  const reread = () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve());
  const follower = createStoreFollower({
    rulebook: { reread },
    settings: { reread },
    acme: null,
    changes: createChanges(),
    log: (_, message) => logged.push(message),
  });
  const outage = ['changes of the store cannot be read', 'changes of the store are read again'];
  for (const expected of [outage, [...outage, ...outage]]) {
    isAway = true;
    follower.changed('documents');
    await vi.advanceTimersByTimeAsync(5_000);
    isAway = false;
    await vi.advanceTimersByTimeAsync(1_000);
    follower.changed('documents');
    await vi.advanceTimersByTimeAsync(50);
    expect(logged).toEqual(expected);
  }
  follower.stop();
});
