// Technical failures of the engine in the words and codes that a person gets. The one place where they are translated.
import { AppError } from '../shared/errors.ts';
import { exhaustive } from '../shared/exhaustive.ts';
import { formatHostPort } from '../shared/protocol/host-port.ts';
import type { TunnelSpec } from './messages.ts';
import { DialError } from './net/dial.ts';

export function listenFailure(spec: TunnelSpec, cause: unknown): AppError {
  const { host, port } = spec.listen;
  const details = { address: host, port };
  switch (cause instanceof Error && 'code' in cause ? cause.code : undefined) {
    case 'EADDRINUSE':
      return new AppError(
        'tunnel/port-in-use',
        `Port ${port} on ${host} is already in use by another program.`,
        { cause, details },
      );
    case 'EACCES':
      return new AppError(
        'tunnel/listen-failed',
        `Port ${port} may only be opened by an administrator of this computer.`,
        { cause, details },
      );
    case 'EADDRNOTAVAIL':
      return new AppError('tunnel/address-not-available', `This computer has no address ${host}.`, {
        cause,
        details,
      });
    default:
      return new AppError('tunnel/listen-failed', `Port ${port} on ${host} could not be opened.`, {
        cause,
        details,
      });
  }
}

/** For the way to the Access Tier. */
export function dialFailure({ accessTier, serverName }: TunnelSpec, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const where = formatHostPort(accessTier);
  const details = { accessTier: where };
  if (!(cause instanceof DialError)) {
    return new AppError('internal', 'The connection failed inside Banyan.', { cause });
  }
  switch (cause.failure) {
    case 'name-not-found':
      return new AppError('tunnel/unreachable', `The name ${accessTier.host} cannot be resolved.`, {
        cause,
        details,
      });
    case 'unreachable':
      return new AppError('tunnel/unreachable', `Nothing answers at ${where}.`, { cause, details });
    case 'timed-out':
      return new AppError('tunnel/unreachable', `${where} did not answer in time.`, {
        cause,
        details,
      });
    case 'untrusted':
      return new AppError(
        'tunnel/untrusted-server',
        `The server at ${where} could not prove that it is ${serverName}.`,
        { cause, details },
      );
    case 'certificate-refused':
      return certificateRefused(cause);
    case 'handshake-failed':
      return new AppError(
        'tunnel/denied',
        `${where} closed the connection before ${serverName} was reached.`,
        { cause, details },
      );
    case 'aborted':
      return new AppError('tunnel/cancelled', `Connecting to ${serverName} was cancelled.`);
    default:
      return exhaustive(cause.failure);
  }
}

export const certificateRefused = (cause: unknown): AppError =>
  new AppError('tunnel/certificate-refused', 'The Access Tier did not accept your certificate.', {
    cause,
  });

export const noCredentials = (): AppError =>
  new AppError('tunnel/certificate-missing', 'There is no certificate to connect with.');

export const closedAtOnce = ({ serverName }: TunnelSpec): AppError =>
  new AppError('tunnel/denied', `The Access Tier closed the connection to ${serverName} at once.`);
