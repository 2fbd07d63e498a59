// Running connections are judged again: as soon as they run, whenever something changes, and no answer is no permission.
import { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Admission, Admit } from '../../../../src/edge/access-tier/admit.ts';
import {
  createLiveConnections,
  type LiveConnectionsOptions,
} from '../../../../src/edge/access-tier/live-connections.ts';
import { createChanges } from '../../../../src/edge/changes.ts';

const caller = {
  deviceId: 'd',
  sessionId: 's',
  person: { email: 'dana@demo.example', groups: [] },
};
const YES: Admission = { allowed: true, caller };

function running(again: Admit['again']) {
  const changes = createChanges();
  const options: Partial<LiveConnectionsOptions> = {
    admit: { again, connection: () => Promise.resolve(YES) },
    audit: { write: () => {} } as unknown as LiveConnectionsOptions['audit'],
    changes,
    events: { send: () => {} },
    limits: { longestMs: 60_000, judgedEveryMs: 60_000 },
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
  const denial = { code: 'role', reason: 'None of your roles may use this service.' } as const;
  const { socket } = running(() => Promise.resolve({ allowed: false, caller, denial }));
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
