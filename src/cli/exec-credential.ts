// What a credential plugin answers: client.authentication.k8s.io, in the version that kubectl asks for.
import { AppError } from '../shared/errors.ts';
import { z } from '../shared/schema.ts';

/** Of one shape as far as it is used here. The older one is all that kubectl before 1.22 knows. */
const VERSIONS = [
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
] as const;

const execInfo = z.object({ apiVersion: z.enum(VERSIONS) });

export interface ExecCredential {
  apiVersion: (typeof VERSIONS)[number];
  kind: 'ExecCredential';
  status: { token: string; /** RFC 3339. */ expirationTimestamp: string };
}

export function execCredential(
  { token, expiresAt }: { token: string; expiresAt: number },
  apiVersion: ExecCredential['apiVersion'],
): ExecCredential {
  // Without fractions of a second, which not every reader of RFC 3339 takes.
  const expirationTimestamp = new Date(expiresAt).toISOString().replace(/\.\d+Z$/, 'Z');
  return { apiVersion, kind: 'ExecCredential', status: { token, expirationTimestamp } };
}

/** By KUBERNETES_EXEC_INFO; absent: a person asks, and gets the newer one. */
export function versionAsked(info: string | undefined): ExecCredential['apiVersion'] {
  if (info === undefined) return VERSIONS[0];
  try {
    return execInfo.parse(JSON.parse(info)).apiVersion;
  } catch (cause) {
    throw new AppError(
      'usage/invalid-input',
      `KUBERNETES_EXEC_INFO asks for none of ${VERSIONS.join(', ')}.`,
      { cause },
    );
  }
}
