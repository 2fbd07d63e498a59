import { describe, expect, test } from 'vitest';
import { judgePosture, type PostureRules } from '../../../../src/edge/policy/posture.ts';
import type { PostureReport } from '../../../../src/shared/model/posture.ts';
import { aReport } from '../../../support/posture.ts';

const NOW = 1_700_000_000;
const rules: PostureRules = {
  effects: {
    UpToDateOS: 'Medium',
    DiskEncryptionEnabled: 'Low',
    FirewallEnabled: 'Medium',
    AutoUpdateEnabled: 'AlwaysDeny',
    OrgPreferredAppsRunning: 'Low',
  },
  minimumVersions: { debian: '12', windows: '10.0.19045' },
  applications: ['Falcon'],
  unknown: 'Medium',
  stale: 'Low',
  absent: 'Low',
  staleAfterSeconds: 7_200,
};
const good = aReport({ applications: { falcon: true } });
const judge = (change: Partial<PostureReport>, at = NOW) =>
  judgePosture({ posture: { report: { ...good, ...change }, at } }, rules, NOW);

describe('a device', () => {
  test('of which nothing failed is High', () => {
    expect(judge({})).toEqual({ level: 'High', failed: [], unknown: [] });
  });

  test.each<[string, Partial<PostureReport>, string, string[]]>([
    ['that fails one factor', { FirewallEnabled: 'false' }, 'Medium', ['FirewallEnabled']],
    [
      'that fails two gets the more restrictive effect',
      { FirewallEnabled: 'false', DiskEncryptionEnabled: 'false' },
      'Low',
      ['DiskEncryptionEnabled', 'FirewallEnabled'],
    ],
    [
      'that fails one of Always Deny has no access, whatever else holds',
      { AutoUpdateEnabled: 'false', DiskEncryptionEnabled: 'false' },
      'AlwaysDeny',
      ['DiskEncryptionEnabled', 'AutoUpdateEnabled'],
    ],
    ['that fails what nobody asks for loses nothing', { ScreenLockEnabled: 'false' }, 'High', []],
    ['with an older system', { UpToDateOS: 'debian|11.9|5.10' }, 'Medium', ['UpToDateOS']],
    ['with a newer system', { UpToDateOS: 'debian|12.5|6.1' }, 'High', []],
    [
      'whose build is a number smaller',
      { UpToDateOS: 'windows|10.0.9200|' },
      'Medium',
      ['UpToDateOS'],
    ],
    ['without a program', { applications: { falcon: false } }, 'Low', ['OrgPreferredAppsRunning']],
  ])('%s', (_, change, level, failed) => {
    expect(judge(change)).toEqual({ level, failed, unknown: [] });
  });

  test.each<[string, Partial<PostureReport>, string]>([
    ['a factor that it could not tell', { FirewallEnabled: 'unknown' }, 'FirewallEnabled'],
    ['a system that no rule names', { UpToDateOS: 'haiku|1|' }, 'UpToDateOS'],
    ['a system that could not be told', { UpToDateOS: 'unknown' }, 'UpToDateOS'],
    ['a name that every object has', { UpToDateOS: 'constructor|1|' }, 'UpToDateOS'],
    ['programs that it was not told to look for', { applications: {} }, 'OrgPreferredAppsRunning'],
    ['programs that it could not tell', { applications: null }, 'OrgPreferredAppsRunning'],
  ])('with %s has the level for unknown', (_, change, factor) => {
    expect(judge(change)).toEqual({ level: 'Medium', failed: [], unknown: [factor] });
  });

  test('whose report is older than two hours has the level for stale', () => {
    expect(judge({}, NOW - 7_200).level).toBe('High');
    expect(judge({}, NOW - 7_201).level).toBe('Low');
  });

  test('that has never reported has the level for absent', () => {
    expect(judgePosture({}, rules, NOW).level).toBe('Low');
    expect(judgePosture({}, { ...rules, absent: 'Medium' }, NOW).level).toBe('Medium');
  });

  test('is held down by a cap, with its reason, and never lifted by one', () => {
    const at = { posture: { report: good, at: NOW } };
    const capped = { ...at, cap: { level: 'Low' as const, reason: 'Seen abroad.' } };
    expect(judgePosture(capped, rules, NOW)).toMatchObject({
      level: 'Low',
      capReason: 'Seen abroad.',
    });
    const high = { cap: { level: 'High' as const, reason: 'Trusted.' } };
    expect(judgePosture(high, rules, NOW)).toMatchObject({ level: 'Low' });
    expect(judgePosture(high, rules, NOW)).not.toHaveProperty('capReason');
  });
});
