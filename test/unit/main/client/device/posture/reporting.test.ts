import { describe, expect, it } from 'vitest';
import { createPostureReports } from '../../../../../../src/main/client/device/posture/reporting.ts';
import type { Membership } from '../../../../../../src/main/client/device/membership.ts';
import { createState } from '../../../../../../src/main/client/state.ts';
import type { PostureReport } from '../../../../../../src/shared/model/posture.ts';
import { AppError } from '../../../../../../src/shared/errors.ts';
import { manualClock } from '../../../../../fakes/manual-clock.ts';
import { recordingLog } from '../../../../../fakes/recording-log.ts';
import { aRegisteredDevice } from '../../../../../fixtures/snapshots.ts';
import { aReport } from '../../../../../support/posture.ts';

const MINUTE = 60_000;
const good = { version: 1, trust_level: 'High', failed: [], unknown: [] };

function reporting() {
  const clock = manualClock();
  const log = recordingLog();
  const state = createState(log);
  const { status: _, ...registration } = aRegisteredDevice();
  state.device({ type: 'registered', ...registration });
  const world = {
    clock,
    log,
    state,
    /** What the computer is like. */
    report: {} as Partial<PostureReport>,
    answer: { status: 200, body: good } as { status: number; body: object } | AppError,
    asked: [] as (readonly string[])[],
    told: [] as string[],
    revoked: [] as string[],
    deviceId: registration.device.id as string | null,
  };
  const reports = createPostureReports({
    ports: {
      clock,
      log,
      posture: (applications) => {
        world.asked.push(applications);
        const running = Object.fromEntries(applications.map((name) => [name, true]));
        return Promise.resolve(aReport({ applications: running, ...world.report }));
      },
    },
    state,
    membership: () =>
      world.deviceId === null
        ? null
        : ({
            deviceId: world.deviceId,
            document: { name: 'Medsoft', command_center: 'https://medsoft.example/api/v1' },
            connection: {
              ask: ({ body }: { body: string }) => {
                world.told.push(body);
                if (world.answer instanceof AppError) return Promise.reject(world.answer);
                const { status, body: answer } = world.answer;
                return Promise.resolve({ status, headers: {}, body: JSON.stringify(answer) });
              },
            },
          } as unknown as Membership),
    onDeviceRevoked: (reason) => world.revoked.push(reason),
  });
  return {
    ...world,
    world,
    reports,
    posture: () =>
      state.slices.device.status === 'registered' ? state.slices.device.posture : undefined,
    /** Time passes, and what it started comes to its end. */
    pass: async (ms: number): Promise<void> => {
      for (let left = ms; left > 0; left -= MINUTE) {
        clock.advance(Math.min(left, MINUTE));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}

describe('the posture of a device', () => {
  it('is looked at only after the start, then told', async () => {
    const { reports, told, asked, pass, posture } = reporting();
    reports.follow();
    await pass(1_000);
    expect(asked).toEqual([]);
    await pass(2_000);
    expect(told).toHaveLength(1);
    expect(posture()).toMatchObject({ verdict: { trustLevel: 'High' } });
  });

  it('that stays the same is told again within the hour, and not before most of it', async () => {
    const { reports, told, asked, pass } = reporting();
    reports.follow();
    await pass(50 * MINUTE);
    expect(told).toHaveLength(1);
    expect(asked.length).toBeGreaterThan(8);
    await pass(20 * MINUTE);
    expect(told).toHaveLength(2);
  });

  it('that changes is told at the next look', async () => {
    const { reports, world, told, pass, posture } = reporting();
    reports.follow();
    await pass(MINUTE);
    world.report = { FirewallEnabled: 'false' };
    world.answer = {
      status: 200,
      body: { ...good, trust_level: 'Low', failed: ['FirewallEnabled'] },
    };
    await pass(6 * MINUTE);
    expect(told).toHaveLength(2);
    expect(posture()?.verdict).toEqual({
      trustLevel: 'Low',
      failed: ['FirewallEnabled'],
      unknown: [],
    });
  });

  it('that could not be told is told at the next look, and says so until then', async () => {
    const { reports, world, told, log, pass, posture } = reporting();
    world.answer = new AppError('organisation/unreachable', 'No answer.');
    reports.follow();
    await pass(MINUTE);
    expect(posture()).toMatchObject({ because: { code: 'organisation/unreachable' } });
    expect(posture()).not.toHaveProperty('verdict');
    expect(log.lines.map(({ level }) => level)).toContain('warn');
    world.answer = { status: 200, body: good };
    await pass(6 * MINUTE);
    expect(told).toHaveLength(2);
    expect(posture()).not.toHaveProperty('because');
  });

  it('is told at once when somebody asks', async () => {
    const { reports, told, pass } = reporting();
    reports.follow();
    await pass(MINUTE);
    await reports.check();
    expect(told).toHaveLength(2);
  });

  it('is told with the programs that the organisation asks for', async () => {
    const { reports, world, asked, told, pass } = reporting();
    world.answer = { status: 200, body: { ...good, applications: ['falcon'] } };
    reports.follow();
    await pass(MINUTE);
    expect(asked).toEqual([[], ['falcon']]);
    expect(told).toHaveLength(2);
    expect(JSON.parse(told[1] ?? '')).toMatchObject({ applications: { falcon: true } });
    await pass(6 * MINUTE);
    expect(told).toHaveLength(2);
  });

  it('is told once, not twice, when nobody can tell which programs run', async () => {
    const { reports, world, asked, told, pass } = reporting();
    world.answer = { status: 200, body: { ...good, applications: ['falcon'] } };
    world.report = { applications: null };
    reports.follow();
    await pass(MINUTE);
    // What it asks for was not known before.
    expect(asked).toEqual([[], ['falcon']]);
    expect(told).toHaveLength(2);
    await reports.check();
    expect(asked).toHaveLength(3);
    expect(told).toHaveLength(3);
  });

  it('is no business of an organisation that does not know it', async () => {
    const { reports, world, told, pass, posture } = reporting();
    world.answer = { status: 404, body: {} };
    reports.follow();
    await pass(30 * MINUTE);
    expect(told).toHaveLength(1);
    expect(posture()).not.toHaveProperty('because');
    expect(posture()).toMatchObject({ isUnasked: true });
  });

  it('of a revoked device is told once, and the refusal handed on', async () => {
    const { reports, world, told, revoked, pass } = reporting();
    world.answer = { status: 403, body: { code: 'device_revoked', detail: 'Lost.' } };
    reports.follow();
    await pass(MINUTE);
    world.state.device({ type: 'revoked', error: new AppError('internal', 'x').toWire() });
    await pass(30 * MINUTE);
    expect(revoked).toEqual(['Lost.']);
    expect(told).toHaveLength(1);
  });

  it('is not told to the organisation that comes after', async () => {
    const { reports, world, told, pass } = reporting();
    reports.follow();
    await pass(MINUTE);
    world.deviceId = null;
    reports.follow();
    await pass(30 * MINUTE);
    expect(told).toHaveLength(1);
  });
});
