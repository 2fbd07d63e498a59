import { describe, expect, it } from 'vitest';
import {
  factorState,
  lowestLevel,
  type Posture,
  type PostureVerdict,
} from '../../../../src/shared/model/posture.ts';
import { aReport } from '../../../support/posture.ts';

const verdict = (change: Partial<PostureVerdict> = {}): PostureVerdict => ({
  trustLevel: 'High',
  failed: [],
  unknown: [],
  ...change,
});
const posture = (change: Partial<Posture['report']>, made?: PostureVerdict): Posture => ({
  report: aReport(change),
  checkedAt: 1,
  ...(made && { verdict: made }),
});

describe('a factor of posture', () => {
  it('is failed when the organisation says so, off when it is off and nobody asks for it', () => {
    const off = { FirewallEnabled: 'false' as const };
    const failed = verdict({ failed: ['FirewallEnabled'] });
    expect(factorState(posture(off, failed), 'FirewallEnabled')).toBe('failed');
    expect(factorState(posture(off, verdict()), 'FirewallEnabled')).toBe('off');
    expect(factorState(posture(off), 'FirewallEnabled')).toBe('off');
  });

  it('is unknown where nobody could tell', () => {
    const unknown = posture({ ScreenLockEnabled: 'unknown' }, verdict());
    expect(factorState(unknown, 'ScreenLockEnabled')).toBe('unknown');
  });

  it('that is the system is met only by the word of the organisation', () => {
    expect(factorState(posture({}), 'UpToDateOS')).toBe('unknown');
    expect(factorState(posture({}, verdict()), 'UpToDateOS')).toBe('met');
    const notNamed = verdict({ unknown: ['UpToDateOS'] });
    expect(factorState(posture({}, notNamed), 'UpToDateOS')).toBe('unknown');
  });

  it('that is about programs is nothing to show where none is asked for', () => {
    const of = (applications: Posture['report']['applications']) =>
      factorState(posture({ applications }, verdict()), 'OrgPreferredAppsRunning');
    expect(of({})).toBeNull();
    expect(of(null)).toBe('unknown');
    expect(of({ a: true })).toBe('met');
    expect(of({ a: true, b: false })).toBe('off');
  });
});

it('of several levels the most restrictive holds', () => {
  expect(lowestLevel(['High', 'Medium', 'Low'])).toBe('Low');
  expect(lowestLevel(['AlwaysDeny', 'High'])).toBe('AlwaysDeny');
  expect(lowestLevel(['High'])).toBe('High');
});
