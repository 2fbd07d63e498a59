// One request to one target: find, dial (over TLS where the definition says so), audit. The same for every way in which a target can be asked for.
import { isIP, type Socket } from 'node:net';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { DialError, dialTcp } from '../../proxy/net/dial.ts';
import type { HostAndPort } from '../../shared/protocol/text.ts';
import type { Audit, AuditEntry } from '../audit/audit.ts';
import type { PublishedService } from '../command-center/rulebook.ts';
import type { Denial } from '../policy/decide.ts';
import { isWeb } from '../trust-provider/web-clients.ts';
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

export interface ReachOptions {
  audit: Audit;
  /** What backends are shown that ask who connects, where the definition says so. */
  tierCertificate(): Promise<{ key: string; cert: string }>;
  limits: { dialMs: number };
}

export function createReach(options: ReachOptions): Reach {
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
    const shown = service.document.spec.backend.target?.client_certificate
      ? await options.tierCertificate()
      : {};
    const reached = await dial(
      service,
      { ...target, name: request.host, shown },
      limits.dialMs,
      signal,
    );
    audit.write({
      ...audited,
      allowed: !reached.refused,
      ...(reached.refused && { code: reached.denial.code }),
    });
    return reached;
  };
}

interface Over {
  /** As it was asked for, before any override. */
  name: string;
  /** Empty: the backend is told nothing about who connects. */
  shown: { key?: string; cert?: string };
}

async function dial(
  service: PublishedService,
  { address: host, port, name, shown }: Extract<Target, { ok: true }> & Over,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<Reached> {
  const { target } = service.document.spec.backend;
  try {
    const backend = await dialTcp({ host, port, deadlineMs, signal });
    if (!target?.tls) return { refused: false, backend };
    return {
      refused: false,
      backend: await overTls(backend, service, { name, shown }, deadlineMs),
    };
  } catch (error) {
    if (!(error instanceof DialError)) {
      return refused(502, 'target_unreachable', 'The TLS of the target cannot be trusted.');
    }
    return error.failure === 'timed-out'
      ? refused(504, 'target_timeout', 'The target did not answer in time.')
      : refused(502, 'target_unreachable', 'The target cannot be reached.');
  }
}

/** Verified under the system's authorities, unless the definition says not to. */
async function overTls(
  socket: Socket,
  service: PublishedService,
  { name, shown }: Over,
  deadlineMs: number,
): Promise<TLSSocket> {
  const secured = connect({
    socket,
    ...shown,
    rejectUnauthorized: !service.document.spec.backend.target?.tls_insecure,
    ...(isWeb(service) && { ALPNProtocols: ['http/1.1'] }),
    ...(isIP(name) === 0 && { servername: name }),
    // What an address is verified against.
    host: name,
    allowHalfOpen: true,
  } as ConnectionOptions);
  const deadline = setTimeout(() => secured.destroy(new DialError('timed-out')), deadlineMs);
  try {
    await new Promise<void>((resolve, reject) => {
      secured.once('secureConnect', resolve);
      secured.once('error', reject);
      secured.once('close', () => reject(new DialError('handshake-failed')));
    });
    secured.on('error', () => secured.destroy());
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

const refused = (status: Refusal['status'], code: Denial['code'], reason: string): Reached => ({
  refused: true,
  status,
  denial: { code, reason },
});
