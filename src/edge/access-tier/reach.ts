// One request to one target: find, dial, audit. The same for every way in which a target can be asked for.
import type { Socket } from 'node:net';
import { DialError, dialTcp } from '../../proxy/net/dial.ts';
import type { HostAndPort } from '../../shared/protocol/text.ts';
import type { Audit, AuditEntry } from '../audit/audit.ts';
import type { PublishedService } from '../command-center/rulebook.ts';
import type { Denial } from '../policy/decide.ts';
import { findTarget, type Target, type TargetRequest } from './targets.ts';

export interface Refusal {
  /** What a CONNECT is answered with (protocol 8). */
  status: 400 | 403 | 502 | 504;
  denial: Denial;
}
export type Reached = { refused: false; backend: Socket } | ({ refused: true } & Refusal);

export interface ReachRequest {
  service: PublishedService;
  wanted: TargetRequest | HostAndPort | 'malformed';
  /** What is known for the audit so far. */
  entry: Omit<AuditEntry, 'allowed'>;
  /** Nobody waits any longer. */
  signal?: AbortSignal;
}

export type Reach = (request: ReachRequest) => Promise<Reached>;

export function createReach(options: { audit: Audit; limits: { dialMs: number } }): Reach {
  const { audit, limits } = options;

  return async ({ service, wanted, entry, signal }) => {
    if (wanted === 'malformed') {
      audit.write({ ...entry, allowed: false, code: 'malformed_request' });
      return refused(400, 'malformed_request', 'One CONNECT host:port is expected.');
    }
    const request = 'fixed' in wanted ? wanted : { ...wanted, fixed: false };
    const audited = request.fixed ? entry : { ...entry, target: `${wanted.host}:${wanted.port}` };
    const target = await findTarget(service.document.spec.backend, request);
    if (!target.ok) {
      audit.write({ ...audited, allowed: false, code: target.code });
      const status = target.code === 'target_not_allowed' ? 403 : 502;
      return refused(status, target.code, target.reason);
    }
    const reached = await dial(target, limits.dialMs, signal);
    audit.write({
      ...audited,
      allowed: !reached.refused,
      ...(reached.refused && { code: reached.denial.code }),
    });
    return reached;
  };
}

async function dial(
  { address: host, port }: Extract<Target, { ok: true }>,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Reached> {
  try {
    return { refused: false, backend: await dialTcp({ host, port, deadlineMs, signal }) };
  } catch (error) {
    return error instanceof DialError && error.failure === 'timed-out'
      ? refused(504, 'target_timeout', 'The target did not answer in time.')
      : refused(502, 'target_unreachable', 'The target cannot be reached.');
  }
}

const refused = (status: Refusal['status'], code: Denial['code'], reason: string): Reached => ({
  refused: true,
  status,
  denial: { code, reason },
});
