import { describe, expect, it } from 'vitest';
import { createAccess } from '../../../../../src/main/client/access/access.ts';
import { findFreePort } from '../../../../../src/main/client/adapters/port-holder.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedEngine } from '../../../../fakes/scripted-engine.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import type { LocalAddress } from '../../../../../src/shared/model/tunnel.ts';
import { aService } from '../../../../support/services.ts';

const CREDENTIALS = { key: 'key', certificate: 'certificate', ca: 'ca' };
const one = aService();
const other = aService({ id: 'other.demo.bnn', name: 'other' });

/** A signed-in client with two services, over an engine whose tunnels close when the test says so. */
function anAccess() {
  const log = recordingLog();
  const state = createState(log);
  const listening = new Set<string>();
  const closes: { id: string; finish: () => void }[] = [];
  const access = createAccess({
    ports: {
      clock: manualClock(),
      log,
      createEngine: () => ({
        open({ id }) {
          listening.add(id);
          return Promise.resolve({ host: '127.0.0.1', port: 40_000 + listening.size });
        },
        close: (id) =>
          new Promise<void>((resolve) => {
            const finish = (): void => {
              listening.delete(id);
              resolve();
            };
            closes.push({ id, finish });
          }),
        setCredentials: () => Promise.resolve(),
        refuseHeld: () => {},
        checkWays: () => {},
        stop: () => Promise.resolve(),
      }),
    },
    state,
  });
  access.setCredentials(CREDENTIALS);
  state.catalog({ status: 'current', services: [one, other] });
  return { access, state, listening, closes };
}

describe('a sign-out', () => {
  it('leaves no tunnel that was asked for while the others were closing', async () => {
    const { access, state, listening, closes } = anAccess();
    await access.open(one.id);
    access.setCredentials(null);
    const over = access.closeAll();
    const late = [access.open(other.id), access.open(one.id)];
    for (const { finish } of closes) finish();
    for (const result of await Promise.allSettled(late)) {
      expect(result).toMatchObject({ reason: { code: 'identity/sign-in-required' } });
    }
    await over;
    expect([...listening]).toEqual([]);
    expect(state.slices.tunnels.states).toEqual({});
  });

  it('also refuses who was already waiting for a tunnel to close', async () => {
    const { access, listening, closes } = anAccess();
    await access.open(one.id);
    const closing = access.close(one.id);
    const again = access.open(one.id);
    access.setCredentials(null);
    const over = access.closeAll();
    for (const { finish } of closes) finish();
    await expect(again).rejects.toMatchObject({ code: 'identity/sign-in-required' });
    await Promise.all([closing, over]);
    expect([...listening]).toEqual([]);
  });
});

describe('a tunnel', () => {
  it('is closed for everybody who asks only when the engine has closed it', async () => {
    const { access, state, closes } = anAccess();
    await access.open(one.id);
    const done: string[] = [];
    const first = access.close(one.id).then(() => done.push('first'));
    const second = access.close(one.id).then(() => done.push('second'));
    closes[1]?.finish();
    await Promise.resolve();
    await Promise.resolve();
    expect(state.slices.tunnels.states[one.id]).toEqual({ status: 'closing' });
    expect(closes).toHaveLength(1);
    expect(done).toEqual([]);
    closes[0]?.finish();
    await Promise.all([first, second]);
    expect(state.slices.tunnels.states[one.id]).toEqual({ status: 'closed' });
  });
});

/** Over an engine whose first attempt ends as the test says, and that takes its time to close, as one in a worker does. */
function aSlowFirstAttempt() {
  const clock = manualClock();
  const log = recordingLog();
  const state = createState(log);
  let fail: ((error: Error) => void) | undefined;
  const engine = scriptedEngine({
    open: ({ listen: { host, port } }) =>
      fail
        ? Promise.resolve({ host, port: port || 40_000 })
        : new Promise<LocalAddress>((_, reject) => (fail = reject)),
    async close() {
      fail?.(new AppError('tunnel/cancelled', 'Cancelled.'));
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  });
  const access = createAccess({ ports: { clock, log, createEngine: engine.create }, state });
  state.catalog({ status: 'current', services: [one] });
  access.setCredentials(CREDENTIALS);
  const first = access.open(one.id).catch((error: unknown) => error);
  return { access, state, clock, first, fail: (error: Error) => fail?.(error) };
}
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('a tunnel that is cancelled while it opens', () => {
  it('opens for who asks for it again at once', async () => {
    const { access, state, first } = aSlowFirstAttempt();
    await turn();
    const closed = access.close(one.id);
    expect(await access.open(one.id)).toMatchObject({ status: 'open' });
    expect(await first).toMatchObject({ code: 'tunnel/cancelled' });
    await closed;
    await turn();
    expect(state.slices.tunnels.states[one.id]).toMatchObject({ status: 'open' });
  });

  it('does not let the next one wait for the words of a refusal', async () => {
    const { access, state, clock, first, fail } = aSlowFirstAttempt();
    await turn();
    fail(new AppError('tunnel/denied', 'Denied.'));
    await turn();
    await access.close(one.id);
    expect(await access.open(one.id)).toMatchObject({ status: 'open' });
    clock.advance(3_000);
    expect(await first).toMatchObject({ code: 'tunnel/denied' });
    await turn();
    expect(state.slices.tunnels.states[one.id]).toMatchObject({ status: 'open' });
  });

  it('is the one that moves to the port that the person has chosen meanwhile', async () => {
    const { access, state, first } = aSlowFirstAttempt();
    await turn();
    const port = await findFreePort('127.0.0.1');
    expect(await access.override(one.id, port)).toMatchObject({ port, source: 'override' });
    expect(await first).toMatchObject({ code: 'tunnel/cancelled' });
    await turn();
    expect(state.slices.tunnels.states[one.id]).toMatchObject({ address: { port } });
  });
});
