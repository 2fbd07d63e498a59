// Running connections are judged again: as soon as they run, whenever something changes, and no answer is no permission.
import { Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Admission, Admit } from '../../../../src/edge/access-tier/admit.ts';
import {
  createLiveConnections,
  type LiveConnectionsOptions,
} from '../../../../src/edge/access-tier/live-connections.ts';
import { createChanges } from '../../../../src/edge/changes.ts';
import { DEFAULT_LIFETIMES } from '../../../../src/edge/config.ts';

const caller = {
  deviceId: 'd',
  sessionId: 's',
  person: { email: 'dana@demo.example', groups: [] },
};
const YES: Admission = { allowed: true, caller };
const NO: Admission = {
  allowed: false,
  caller,
  denial: { code: 'role', reason: 'None of your roles may use this service.' },
};

function running(again: Admit['again']) {
  const changes = createChanges();
  const options: Partial<LiveConnectionsOptions> = {
    admit: { again, connection: () => Promise.resolve(YES) },
    audit: { write: () => {} } as unknown as LiveConnectionsOptions['audit'],
    changes,
    events: { send: () => {} },
    limits: { longestMs: 60_000, judgedEveryMs: DEFAULT_LIFETIMES.judgement * 1000 },
    log: () => {},
  };
  const live = createLiveConnections(options as LiveConnectionsOptions);
  onTestFinished(() => live.stop(0));
  const socket = new Socket();
  live.add({ caller, serviceId: 'echo.demo.bnn', socket, correlationIds: ['c'] });
  return { changes, socket };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what changed between the decision and now ends it', async () => {
  const { socket } = running(() => Promise.resolve(NO));
  await turn();
  expect(socket.destroyed).toBe(true);
});

test('nobody knows whether it may go on: it ends', async () => {
  let isAway = false;
  const { changes, socket } = running(() =>
    isAway ? Promise.reject(new Error('the store is away')) : Promise.resolve(YES),
  );
  await turn();
  expect(socket.destroyed).toBe(false);
  isAway = true;
  changes.emit({ type: 'rules-changed' });
  await turn();
  expect(socket.destroyed).toBe(true);
});

test('what nobody announces ends it within half a minute, unless the configuration says otherwise', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let isOver = false;
  const { socket } = running(() => Promise.resolve(isOver ? NO : YES));
  await vi.advanceTimersByTimeAsync(1);
  isOver = true;
  expect(socket.destroyed).toBe(false);
  await vi.advanceTimersByTimeAsync(30_000);
  expect(socket.destroyed).toBe(true);
});
