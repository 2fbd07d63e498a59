import { describe, expect, it } from 'vitest';
import { createAccess } from '../../../../../src/main/client/access/access.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { manualClock } from '../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
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
