// CONNECT over HTTP/1.1 inside the TLS session (RFC 9110 9.3.6): what every proxy behind mutual TLS understands.
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { AppError } from '../../shared/errors.ts';
import { dialFailure } from '../failures.ts';
import type { TunnelSpec } from '../messages.ts';
import { DialError, isCertificateRefusal } from '../net/dial.ts';
import { type Head, HeadError, readHead, readShortBody } from '../net/http-head.ts';
import { refusedConnect, silentTarget } from './refused-connect.ts';

/** Longer than the Access Tier needs to give up on a silent target. */
const ANSWER_DEADLINE_MS = 40_000;
const MAX_PROBLEM_BYTES = 8 * 1024;

export interface ConnectParts {
  spec: TunnelSpec;
  /** `host:port`. */
  target: string;
  /** What came right behind the local program's request. */
  early: Buffer | undefined;
  /** The local program has gone. */
  gone: AbortSignal;
}

/** Resolves when `far` carries raw bytes to the target; otherwise destroys it and throws AppError. */
export async function connectByHttp1(far: TLSSocket, parts: ConnectParts): Promise<TLSSocket> {
  const { spec, target, early, gone } = parts;
  // A TLS 1.3 server may turn our certificate down only now; that story beats "ended before an answer".
  let alert: Error | undefined;
  const onError = (error: Error) => (alert = error);
  far.on('error', onError);
  const onGone = () => far.destroy();
  gone.addEventListener('abort', onGone);
  if (gone.aborted) onGone();
  try {
    far.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    const answer = await readHead(far, ANSWER_DEADLINE_MS);
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(answer.startLine)?.[1]);
    if (status >= 200 && status < 300) {
      // Not with the request: a proxy that refuses and keeps the connection would take it for another request of ours.
      if (early) far.write(early);
      return far;
    }
    throw await refusal(far, answer, status, target);
  } catch (error) {
    far.destroy();
    if (error instanceof HeadError && error.failure === 'timed-out' && !gone.aborted) {
      throw silentTarget(target);
    }
    if (error instanceof HeadError) {
      throw dialFailure(
        spec,
        isCertificateRefusal(alert)
          ? new DialError('certificate-refused', alert)
          : new DialError(gone.aborted ? 'aborted' : 'handshake-failed', error),
      );
    }
    throw error;
  } finally {
    far.off('error', onError);
    gone.removeEventListener('abort', onGone);
  }
}

async function refusal(far: Duplex, head: Head, status: number, target: string): Promise<AppError> {
  const body = await readShortBody(far, head, { maxBytes: MAX_PROBLEM_BYTES, deadlineMs: 2_000 });
  return refusedConnect(status, body, target);
}
