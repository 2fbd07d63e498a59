// Posture: `PUT <command_center>/device/posture` and its answer. See docs/protocol.md 7.
import {
  POSTURE_FACTORS,
  type PostureReport,
  type PostureVerdict,
  TRUST_LEVELS,
} from '../model/posture.ts';
import { z } from '../schema.ts';
import { sentence } from './text.ts';

const value = z.enum(['true', 'false', 'unknown']);
/** A program's name as the system shows it, without folder and `.exe`. */
const application = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^/\\|\p{Cc}]+$/u);
const MOST_APPLICATIONS = 100;

export const postureReport = z.object({
  version: z.literal(1),
  factors: z.object({
    UpToDateOS: z.string().max(200),
    DiskEncryptionEnabled: value,
    FirewallEnabled: value,
    ScreenLockEnabled: value,
    AutoUpdateEnabled: value,
  }),
  applications: z
    .record(application, z.boolean())
    .refine((map) => Object.keys(map).length <= MOST_APPLICATIONS, 'too many')
    .nullable(),
});

export const encodeReport = ({ applications, ...factors }: PostureReport): string =>
  JSON.stringify({ version: 1, factors, applications } satisfies z.input<typeof postureReport>);

export const readReport = (document: unknown): PostureReport | null => {
  const { data } = postureReport.safeParse(document);
  return data ? { ...data.factors, applications: data.applications } : null;
};

const factors = z.array(z.enum(POSTURE_FACTORS)).max(POSTURE_FACTORS.length);

/** Names, never the rule's values: what is asked of a version stays with the organisation. */
export const postureAnswer = z.object({
  version: z.literal(1),
  trust_level: z.enum(TRUST_LEVELS),
  failed: factors,
  unknown: factors,
  cap_reason: sentence.optional(),
  /** Programs to look for, so that a device need not tell all that run on it. */
  applications: z.array(application).max(MOST_APPLICATIONS).default([]),
});
export type PostureAnswer = z.input<typeof postureAnswer>;

export const verdictOf = (answer: z.output<typeof postureAnswer>): PostureVerdict => ({
  trustLevel: answer.trust_level,
  failed: answer.failed,
  unknown: answer.unknown,
  ...(answer.cap_reason && { capReason: answer.cap_reason }),
});
