// What a device says about its own safety, and what its organisation makes of it. Names of factors are the product's.
import type { WireError } from '../errors.ts';

export const POSTURE_FACTORS = [
  'UpToDateOS',
  'DiskEncryptionEnabled',
  'FirewallEnabled',
  'ScreenLockEnabled',
  'AutoUpdateEnabled',
  'OrgPreferredAppsRunning',
] as const;
export type PostureFactor = (typeof POSTURE_FACTORS)[number];

/** From no access at all to the most trusted. */
export const TRUST_LEVELS = ['AlwaysDeny', 'Low', 'Medium', 'High'] as const;
export type TrustLevel = (typeof TRUST_LEVELS)[number];

export const lowestLevel = (levels: readonly TrustLevel[]): TrustLevel =>
  TRUST_LEVELS[Math.min(...levels.map((level) => TRUST_LEVELS.indexOf(level)))] ?? 'High';

/** `unknown` is an honest answer: nobody could tell here. */
export type FactorValue = 'true' | 'false' | 'unknown';

export interface PostureReport {
  /** `name|version|build`, e.g. `debian|12|6.1.0-18-amd64`, or `unknown`. */
  UpToDateOS: string;
  DiskEncryptionEnabled: FactorValue;
  FirewallEnabled: FactorValue;
  ScreenLockEnabled: FactorValue;
  AutoUpdateEnabled: FactorValue;
  /** Which of the programs that the organisation asks for run; of others nothing is said. null: unknown. */
  applications: Readonly<Record<string, boolean>> | null;
}

export interface PostureVerdict {
  trustLevel: TrustLevel;
  failed: readonly PostureFactor[];
  /** Asked for, and the report could not tell. */
  unknown: readonly PostureFactor[];
  /** Why an administrator holds the level down. */
  capReason?: string;
}

export interface Posture {
  report: PostureReport;
  /** When it was looked at, milliseconds since the epoch. */
  checkedAt: number;
  /** The organisation's last answer; absent before its first one. */
  verdict?: PostureVerdict;
  /** Its server knows nothing of posture: an older one, or one that decides without. */
  isUnasked?: boolean;
  /** Why the organisation could not be told. */
  because?: WireError;
}

/** `off`: not as it could be, but nobody asks for it. */
export type FactorState = 'met' | 'failed' | 'unknown' | 'off';

/** null: there is nothing to show, because no program is asked for. */
export function factorState(
  { report, verdict }: Posture,
  factor: PostureFactor,
): FactorState | null {
  if (verdict?.failed.includes(factor)) return 'failed';
  if (factor === 'OrgPreferredAppsRunning') {
    if (report.applications === null) return 'unknown';
    const running = Object.values(report.applications);
    if (running.length === 0) return null;
    return running.every(Boolean) ? 'met' : 'off';
  }
  switch (report[factor]) {
    case 'unknown':
      return 'unknown';
    case 'false':
      return 'off';
    default:
      // Which version is new enough, only the organisation knows.
      return factor === 'UpToDateOS' && (!verdict || verdict.unknown.includes(factor))
        ? 'unknown'
        : 'met';
  }
}

/** Programs that the organisation asks for and that do not run. */
export const missingPrograms = ({ report }: Posture): string[] =>
  Object.entries(report.applications ?? {}).flatMap(([name, runs]) => (runs ? [] : [name]));
