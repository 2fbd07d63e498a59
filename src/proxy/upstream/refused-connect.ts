// What a proxy says that does not answer CONNECT with 2xx, in our words.
import { AppError } from '../../shared/errors.ts';
import { DialError } from '../net/dial.ts';
import { isRefusalCode, refusalError } from '../../shared/protocol/refusal-codes.ts';

/** The words of a proxy that did not answer 2xx: our Access Tier's problem document, or any other proxy's status. */
export function refusedConnect(status: number, body: string, target: string): AppError {
  const problem = parseProblem(body);
  if (problem) return problem;
  return status === 502 || status === 503 || status === 504
    ? new AppError(
        'tunnel/target-unreachable',
        `The proxy cannot reach ${target} (status ${status}).`,
      )
    : new AppError('tunnel/target-refused', `The proxy refused ${target} (status ${status}).`);
}

function parseProblem(body: string): AppError | null {
  try {
    const { code, detail, correlation_id: id } = JSON.parse(body) as Record<string, unknown>;
    return isRefusalCode(code) && typeof detail === 'string'
      ? refusalError(code, detail.slice(0, 1000), typeof id === 'string' ? id.slice(0, 200) : '')
      : null;
  } catch {
    return null; // no JSON: some other proxy's page
  }
}

/** Neither a yes nor a no came: the Access Tier is there, so it is the target that keeps silent. */
export const silentTarget = (target: string): AppError =>
  new AppError('tunnel/target-unreachable', `${target} did not answer in time.`, {
    cause: new DialError('timed-out'),
  });
