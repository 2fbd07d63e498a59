// One local connection, from accept to its last byte: route → dial → relay → report. Knows no policy, reports facts.
import type { Duplex } from 'node:stream';
import { AppError } from '../shared/errors.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import { formatHostPort, type HostAndPort } from '../shared/protocol/host-port.ts';
import { certificateRefused, closedAtOnce, dialFailure } from './failures.ts';
import { isIncluded } from './include-domains.ts';
import { routeChain } from './listeners/chain.ts';
import { TargetError } from './listeners/route.ts';
import { routeTcp } from './listeners/tcp.ts';
import { dialTcp, isCertificateRefusal } from './net/dial.ts';
import { relay } from './net/relay.ts';
import type { TunnelSink } from './tunnel-events.ts';
import { dialAccessTier, type UpstreamParts } from './upstream/access-tier.ts';
import { connectByHttp1 } from './upstream/http1-connect.ts';

const DIRECT_DIAL_DEADLINE_MS = 20_000;
const IDLE_MS = 60 * 60_000;
/** On a line of any length a refusal is on its way by then. */
const REFUSED_WITHIN_MS = 2_000;

export interface ConnectionParts extends UpstreamParts {
  /** null: standard input and output. */
  listening: LocalAddress | null;
  nextConnection: () => number;
  sink: TunnelSink;
}

/** Relays stdin and stdout, or any other pair of streams, instead of a local port. Resolves when it is over. */
export async function serveConnection(near: Duplex, parts: ConnectionParts): Promise<void> {
  const { spec, sink } = parts;
  const refuse = (target: string, error: AppError) =>
    sink({ type: 'connection-refused', tunnel: spec.id, target, error: error.toWire() });
  const gone = new AbortController();
  const onClose = () => gone.abort();
  near.once('close', onClose);
  const acceptedAt = performance.now();
  const startedAt = Date.now();
  try {
    const route = spec.mode === 'CHAIN' ? routeChain : routeTcp;
    const open = (target: HostAndPort | null, early?: Buffer) =>
      openWay(parts, target, early, gone.signal);
    const routed = await route(near, { spec, listening: parts.listening, open });
    if (!routed) return;
    const { far, target } = routed;
    let alert: Error | undefined;
    far.on('error', (error) => {
      if (isCertificateRefusal(error)) alert = error;
    });
    const connection = parts.nextConnection();
    sink({ type: 'connection-opened', tunnel: spec.id, connection, target });
    // An Access Tier that refuses in TCP mode just closes: before a byte, and before the program has said all it had.
    let closedFirst = false;
    far.once('end', () => {
      closedFirst = !near.readableEnded && performance.now() - acceptedAt < REFUSED_WITHIN_MS;
    });
    let firstByteMs: number | null = null;
    far.once('data', () => (firstByteMs = performance.now() - acceptedAt));
    const { bytesNearToFar, bytesFarToNear, ended } = await relay(near, far, { idleMs: IDLE_MS });
    sink({
      type: 'connection-closed',
      tunnel: spec.id,
      connection,
      target,
      startedAt,
      bytesSent: bytesNearToFar,
      bytesReceived: bytesFarToNear,
      firstByteMs,
      durationMs: performance.now() - acceptedAt,
      ended,
    });
    if (alert) refuse(target, certificateRefused(alert));
    else if (closedFirst && bytesFarToNear === 0) refuse(target, closedAtOnce(spec));
  } catch (error) {
    near.destroy();
    const cause = error instanceof TargetError ? error.cause : error;
    const target = error instanceof TargetError ? error.target : formatHostPort(spec.accessTier);
    const failure = dialFailure(spec, cause);
    // The local program went away, or the tunnel is being closed: nobody was refused.
    if (failure.code !== 'tunnel/cancelled') refuse(target, failure);
  }
}

async function openWay(
  parts: ConnectionParts,
  target: HostAndPort | null,
  early: Buffer | undefined,
  gone: AbortSignal,
): Promise<Duplex> {
  const { spec } = parts;
  if (!target) {
    const far = await dialAccessTier(parts, gone);
    if (early) far.write(early);
    return far;
  }
  if (isIncluded(target.host, spec.includeDomains)) {
    const far = await dialAccessTier(parts, gone);
    return connectByHttp1(far, { spec, target: formatHostPort(target), early, gone });
  }
  const far = await dialDirectly(target, gone);
  if (early) far.write(early);
  return far;
}

async function dialDirectly({ host, port }: HostAndPort, gone: AbortSignal): Promise<Duplex> {
  try {
    return await dialTcp({ host, port, deadlineMs: DIRECT_DIAL_DEADLINE_MS, signal: gone });
  } catch (cause) {
    throw new AppError(
      'tunnel/target-unreachable',
      `${formatHostPort({ host, port })} is not one of the domains of this service, and it cannot be reached directly.`,
      { cause },
    );
  }
}
