// What a diagnosis looks at, step by step, and what it found. For window and terminal alike.
import type { WireError } from '../errors.ts';

export const DIAGNOSIS_STEPS = [
  'keychain',
  'clock',
  'proxy',
  'name',
  'tcp',
  'tls',
  'certificate',
  'policy',
  'backend',
] as const;
export type DiagnosisStep = (typeof DIAGNOSIS_STEPS)[number];

export const STEP_NAMES: Record<DiagnosisStep, string> = {
  keychain: 'Keys and secrets',
  clock: 'Clock',
  proxy: 'Proxy',
  name: 'Name resolution',
  tcp: 'Network (TCP)',
  tls: 'Encryption (TLS)',
  certificate: 'Certificate',
  policy: 'Policy',
  backend: 'Service behind it',
};

export interface StepResult {
  step: DiagnosisStep;
  /** `unknown`: it could not be told, and `reason` says why. */
  status: 'ok' | 'failed' | 'unknown';
  /** A sentence. */
  reason: string;
  /** Where it failed: the reason is its message. */
  error?: WireError;
  tookMs: number;
}

export interface Diagnosis {
  /** Service id; null: the organisation itself. */
  service: string | null;
  /** Milliseconds since the epoch. */
  at: number;
  results: readonly StepResult[];
}

export const firstFailure = ({ results }: Diagnosis): StepResult | undefined =>
  results.find(({ status }) => status === 'failed');
