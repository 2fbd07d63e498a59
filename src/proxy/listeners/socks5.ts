// SOCKS 5 (RFC 1928): CONNECT by name, IPv4 or IPv6, without authentication; the port is guarded before it is read.
import type { Duplex } from 'node:stream';
import { AppError } from '../../shared/errors.ts';
import { formatHostPort, type HostAndPort } from '../../shared/protocol/host-port.ts';
import { readStart, StartError } from '../net/read-start.ts';
import { endWith } from './answers.ts';
import { type Routed, type RouteParts, TargetError } from './route.ts';
import { targetOf } from './target.ts';

const VERSION = 5;
const NO_AUTHENTICATION = 0x00;
const NO_ACCEPTABLE_METHOD = 0xff;
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN_NAME = 3;
const IPV6 = 4;

/** RFC 1928 6. */
const REPLY = {
  succeeded: 0x00,
  generalFailure: 0x01,
  notAllowed: 0x02,
  networkUnreachable: 0x03,
  hostUnreachable: 0x04,
  connectionRefused: 0x05,
  commandNotSupported: 0x07,
  addressTypeNotSupported: 0x08,
} as const;
type Reply = (typeof REPLY)[keyof typeof REPLY];

export async function routeSocks5(
  near: Duplex,
  { open }: RouteParts,
  deadlineMs: number,
): Promise<Routed | null> {
  const target = await readTarget(near, performance.now() + deadlineMs);
  if (!target) return null;
  const name = formatHostPort(target);
  try {
    const early = near.read() as Buffer | null;
    const far = await open(target, early ?? undefined);
    near.write(replyBytes(REPLY.succeeded));
    return { far, target: name };
  } catch (error) {
    await endWith(near, replyBytes(replyFor(error)));
    throw new TargetError(name, error);
  }
}

async function readTarget(near: Duplex, until: number): Promise<HostAndPort | null> {
  try {
    const greeting = await readStart(near, until - performance.now(), lengthOfGreeting);
    if (!greeting.subarray(2).includes(NO_AUTHENTICATION)) {
      await endWith(near, Buffer.from([VERSION, NO_ACCEPTABLE_METHOD]));
      return null;
    }
    near.write(Buffer.from([VERSION, NO_AUTHENTICATION]));
    const request = parseRequest(await readStart(near, until - performance.now(), lengthOfRequest));
    if (typeof request !== 'number') return request;
    await endWith(near, replyBytes(request));
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    near.destroy();
  }
  return null;
}

/** `05 n methods…` */
function lengthOfGreeting(received: Buffer): number | null {
  const [version, methods] = received;
  if (version !== VERSION) throw new StartError('malformed');
  return methods !== undefined && received.length >= 2 + methods ? 2 + methods : null;
}

/** `05 command 00 type address port`; of an address type that we do not know only the beginning. */
function lengthOfRequest(received: Buffer): number | null {
  const [version, , reserved, type, nameLength] = received;
  if (version !== VERSION || (reserved ?? 0) !== 0) throw new StartError('malformed');
  if (type === undefined) return null;
  if (type === DOMAIN_NAME && nameLength === undefined) return null;
  const address = addressLength(type, nameLength ?? 0);
  const length = address === null ? 4 : 4 + address + 2;
  return received.length >= length ? length : null;
}

function addressLength(type: number, nameLength: number): number | null {
  if (type === IPV4) return 4;
  if (type === IPV6) return 16;
  return type === DOMAIN_NAME ? 1 + nameLength : null;
}

function parseRequest(request: Buffer): HostAndPort | Reply {
  const [, command, , type = 0] = request;
  if (addressLength(type, 0) === null) return REPLY.addressTypeNotSupported;
  if (command !== CONNECT) return REPLY.commandNotSupported;
  const host = hostOf(type, request.subarray(4, -2));
  // A name that is none must not reach the head of our own request.
  return targetOf(host, request.readUInt16BE(request.length - 2)) ?? REPLY.generalFailure;
}

function hostOf(type: number, address: Buffer): string {
  if (type === IPV4) return address.join('.');
  if (type === DOMAIN_NAME) return address.toString('latin1', 1);
  const groups = Array.from({ length: 8 }, (_, group) => address.readUInt16BE(group * 2));
  // As `new URL` writes it: the longest run of zeros is left out, so that rules about addresses match.
  return new URL(`http://[${groups.map((group) => group.toString(16)).join(':')}]`).hostname.slice(
    1,
    -1,
  );
}

/** RFC 1928 6; the bound address means nothing behind a tunnel, and zeros are what others send. */
const replyBytes = (reply: Reply): Buffer =>
  Buffer.from([VERSION, reply, 0, IPV4, 0, 0, 0, 0, 0, 0]);

function replyFor(error: unknown): Reply {
  if (!(error instanceof AppError)) return REPLY.generalFailure;
  switch (error.code) {
    case 'tunnel/denied':
    case 'tunnel/target-refused':
    case 'tunnel/local-program-refused':
      return REPLY.notAllowed;
    case 'tunnel/unreachable':
    case 'tunnel/upstream-proxy-failed':
      return REPLY.networkUnreachable;
    case 'tunnel/target-unreachable':
      return BY_SYSTEM_CODE.get(systemCode(error)) ?? REPLY.hostUnreachable;
    default:
      return REPLY.generalFailure;
  }
}

/** Of what was dialled directly the system says why. */
const BY_SYSTEM_CODE = new Map<string, Reply>([
  ['ECONNREFUSED', REPLY.connectionRefused],
  ['ENETUNREACH', REPLY.networkUnreachable],
]);

function systemCode(error: unknown): string {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    if ('code' in at && /^E[A-Z]+$/.test(String(at.code))) return String(at.code);
    at = at instanceof AggregateError ? at.errors[0] : at.cause;
  }
  return '';
}
