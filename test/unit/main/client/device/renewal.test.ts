import { describe, expect, it, onTestFinished } from 'vitest';
import { followRenewal } from '../../../../../src/main/client/device/renewal.ts';
import { createState } from '../../../../../src/main/client/state.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import { recordingLog } from '../../../../fakes/recording-log.ts';
import { scriptedMachine } from '../../../../fakes/scripted-machine.ts';
import { aRegisteredDevice } from '../../../../fixtures/snapshots.ts';

const DAY = 24 * 3_600_000;
const LIFE = 90 * DAY;
const unreachable = new AppError('organisation/unreachable', 'No answer.');

function following(issuedAgoMs = 0) {
  const machine = scriptedMachine();
  const { clock } = machine;
  const state = createState(recordingLog());
  const { status: _, ...registration } = aRegisteredDevice();
  state.device({ type: 'registered', ...registration });
  const world = {
    machine,
    at: [] as number[],
    notices: [] as string[],
    fails: null as AppError | null,
    failed: () =>
      state.slices.device.status === 'registered' ? state.slices.device.renewalFailed : undefined,
  };
  const issuedAt = clock.now() - issuedAgoMs;
  const renewal = followRenewal({
    ports: {
      clock,
      log: recordingLog(),
      notifier: { show: ({ body }) => void world.notices.push(body) },
    },
    state,
    organisation: 'Medsoft',
    life: { issuedAt, expiresAt: issuedAt + LIFE },
    renew() {
      world.at.push((clock.now() - issuedAt) / LIFE);
      if (world.fails) return Promise.reject(world.fails);
      renewal.stop(); // as the next certificate does
      return Promise.resolve();
    },
  });
  onTestFinished(() => renewal.stop());
  return Object.assign(world, {
    renewal,
    /** Hour by hour. */
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= 3_600_000) {
        machine.pass(Math.min(left, 3_600_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  });
}

describe('the certificate of a device', () => {
  it('is renewed once, at about two thirds of its life', async () => {
    const { pass, at } = following();
    await pass(LIFE);
    expect(at).toHaveLength(1);
    expect(at[0]).toBeGreaterThan(0.61);
    expect(at[0]).toBeLessThan(0.72);
  });

  it('is not renewed by all devices at once', async () => {
    const all = Array.from({ length: 8 }, () => following());
    for (const { pass } of all) await pass(0.8 * LIFE);
    expect(new Set(all.map(({ at }) => at[0])).size).toBeGreaterThan(1);
  });

  it('is renewed at the start when that is overdue', async () => {
    const { pass, at } = following(0.9 * LIFE);
    expect(at).toEqual([]);
    await pass(1_000);
    expect(at).toHaveLength(1);
  });

  it.each([true, false])('is renewed after a sleep past that time (counted: %s)', (isCounted) => {
    const { machine, renewal, at } = following();
    machine.sleep(0.9 * LIFE, isCounted);
    renewal.check();
    expect(at).toHaveLength(1);
  });

  it('that cannot be renewed is tried at least every two hours, told at once, and warned of once', async () => {
    const world = following();
    world.fails = unreachable;
    await world.pass(0.75 * LIFE);
    const tries = world.at.length;
    expect(tries).toBeGreaterThan(10);
    expect(world.failed()).toMatchObject({ code: 'device/renewal-failed' });
    expect(world.failed()?.message).toContain('No answer.');
    expect(world.notices).toEqual([]);
    await world.pass(0.2 * LIFE);
    expect(world.notices).toHaveLength(1);
    expect(world.at.length - tries).toBeGreaterThan((0.2 * LIFE) / (2 * 3_600_000));
    world.fails = null;
    await world.pass(3 * 3_600_000);
    const renewed = world.at.length;
    await world.pass(0.02 * LIFE);
    expect(world.at).toHaveLength(renewed);
  });

  it('that has ended is told as that, when the organisation says so', async () => {
    const world = following(LIFE);
    world.fails = new AppError('device/certificate-expired', 'It has ended.');
    await world.pass(1_000);
    expect(world.failed()).toMatchObject({ code: 'device/certificate-expired' });
  });

  it('of a device that left is not renewed', async () => {
    const { renewal, pass, at } = following();
    renewal.stop();
    renewal.check();
    await pass(LIFE);
    expect(at).toEqual([]);
  });
});
