// What a device is worth by what it says about itself. Pure; levels and factors are the product's: each failed factor has
// an effect, the most restrictive one wins, none failed is High.
import {
  lowestLevel,
  POSTURE_FACTORS,
  type PostureFactor,
  type PostureReport,
  type TrustLevel,
} from '../../shared/model/posture.ts';
import type { DeviceRecord } from '../store/store.ts';

/** As devices name their system: `windows`, `macos`, or the ID of /etc/os-release. Of those with versions to compare. */
export const SYSTEMS = [
  'windows',
  'macos',
  'debian',
  'ubuntu',
  'fedora',
  'rhel',
  'centos',
  'rocky',
  'almalinux',
  'ol',
  'amzn',
  'sles',
  'sled',
  'opensuse-leap',
  'linuxmint',
  'pop',
  'elementary',
  'zorin',
  'raspbian',
  'alpine',
  'nixos',
] as const;

export interface PostureRules {
  /** What a device that fails it is worth at most; a factor without effect is not asked for. */
  effects: Readonly<Partial<Record<PostureFactor, Exclude<TrustLevel, 'High'>>>>;
  /** Least version by name of the system, e.g. `{ debian: '12' }`; of a system that is not named nothing is known. */
  minimumVersions: Readonly<Record<string, string>>;
  /** Names of programs that have to run; upper and lower case are the same. */
  applications: readonly string[];
  /** Worth at most this: where a factor is unknown, the report is too old, or there is none. */
  unknown: TrustLevel;
  stale: TrustLevel;
  absent: TrustLevel;
  staleAfterSeconds: number;
}

/** Where nothing else is said: nobody is shut out, but what fails is worth Medium. */
export const DEFAULT_POSTURE: PostureRules = {
  effects: {
    UpToDateOS: 'Medium',
    DiskEncryptionEnabled: 'Medium',
    FirewallEnabled: 'Medium',
    ScreenLockEnabled: 'Medium',
    AutoUpdateEnabled: 'Medium',
  },
  minimumVersions: {
    debian: '12',
    ubuntu: '22.04',
    fedora: '41',
    macos: '14',
    windows: '10.0.19045',
  },
  applications: [],
  unknown: 'Medium',
  stale: 'Medium',
  absent: 'Medium',
  staleAfterSeconds: 2 * 3600,
};

export interface PostureJudgement {
  level: TrustLevel;
  failed: readonly PostureFactor[];
  unknown: readonly PostureFactor[];
  capReason?: string;
}

export function judgePosture(
  { posture, cap }: Pick<DeviceRecord, 'posture' | 'cap'>,
  rules: PostureRules,
  nowSeconds: number = Date.now() / 1000,
): PostureJudgement {
  const asked = POSTURE_FACTORS.filter((factor) => rules.effects[factor] !== undefined);
  const results = new Map(
    asked.map((factor) => [factor, posture ? check(posture.report, factor, rules) : 'unknown']),
  );
  const failed = asked.filter((factor) => results.get(factor) === 'failed');
  const unknown = asked.filter((factor) => results.get(factor) === 'unknown');
  const earned = lowestLevel([
    'High',
    ...failed.map((factor) => rules.effects[factor] ?? 'High'),
    ...(posture && unknown.length > 0 ? [rules.unknown] : []),
    ...(posture && posture.at + rules.staleAfterSeconds < nowSeconds ? [rules.stale] : []),
    ...(posture ? [] : [rules.absent]),
  ]);
  const level = lowestLevel([earned, cap?.level ?? 'High']);
  // A cap that changes nothing is nobody's business.
  return { level, failed, unknown, ...(cap && level !== earned && { capReason: cap.reason }) };
}

function check(
  report: PostureReport,
  factor: PostureFactor,
  { minimumVersions, applications }: PostureRules,
): 'met' | 'failed' | 'unknown' {
  switch (factor) {
    case 'UpToDateOS': {
      const [name = '', version = ''] = report.UpToDateOS.toLowerCase().split('|');
      const least = Object.hasOwn(minimumVersions, name) ? minimumVersions[name] : undefined;
      if (!least || !/^\d/.test(version)) return 'unknown';
      return isAtLeast(version, least) ? 'met' : 'failed';
    }
    case 'OrgPreferredAppsRunning': {
      if (report.applications === null) return 'unknown';
      const said = new Map(
        Object.entries(report.applications).map(([name, runs]) => [name.toLowerCase(), runs]),
      );
      const answers = applications.map((name) => said.get(name.toLowerCase()));
      if (answers.includes(false)) return 'failed';
      // Nothing said: the device has not been told yet to look for it.
      return answers.includes(undefined) ? 'unknown' : 'met';
    }
    default: {
      const value = report[factor];
      if (value === 'unknown') return 'unknown';
      return value === 'true' ? 'met' : 'failed';
    }
  }
}

/** By numbers, part by part: 10.15 is newer than 10.9, and 12 is as good as 12.0. */
function isAtLeast(version: string, least: string): boolean {
  const parts = (text: string): number[] => text.split(/[.-]/).map((part) => parseInt(part) || 0);
  const [mine, wanted] = [parts(version), parts(least)];
  for (let index = 0; index < Math.max(mine.length, wanted.length); index += 1) {
    const difference = (mine[index] ?? 0) - (wanted[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
