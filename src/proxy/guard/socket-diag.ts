// Asks the kernel for ONE socket by its two addresses, over netlink (sock_diag(7), as `ss` does): some microseconds,
// however many sockets there are. Node opens no netlink sockets, so libc is called through koffi, and only here.
import { endianness } from 'node:os';
import type { Socket } from 'node:net';

export interface SocketOwner {
  uid: number;
  /** Its program has closed it; older kernels then tell root's uid. */
  isOrphan: boolean;
}

export interface SocketDiagnosis {
  /** Of the other end of a connection between two loopback addresses; null: there is no such socket. Throws without an answer. */
  ownerOfPeer(socket: Socket): SocketOwner | null;
}

// <linux/netlink.h>, <linux/sock_diag.h>, <linux/inet_diag.h>, <asm-generic/socket.h>
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const NLMSG_ERROR = 2;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const MSG_DONTWAIT = 0x40;
const ENOENT = 2;
const AF_INET = 2;
const AF_INET6 = 10;
const IPPROTO_TCP = 6;
const TCP_LISTEN = 10;

/** `struct nlmsghdr` and `struct inet_diag_req_v2`. Numbers are the processor's, addresses and ports the network's. */
const REQUEST = {
  length: 72,
  type: 4,
  flags: 6,
  sequence: 8,
  family: 16,
  protocol: 17,
  states: 20,
};
const ID = { ownPort: 24, peerPort: 26, ownAddress: 28, peerAddress: 44, cookie: 64 };
/** `struct nlmsghdr` and `struct inet_diag_msg`, or a `struct nlmsgerr`. */
const ANSWER = { length: 88, type: 4, sequence: 8, error: 16, state: 17, uid: 80, inode: 84 };

interface Libc {
  send: (socket: number, bytes: Buffer, length: number, flags: number) => number;
  recv: (socket: number, bytes: Buffer, length: number, flags: number) => number;
}

/** null: not on this system, or not with this libc. The socket lives as long as the process: one for all engines of a thread. */
export async function openSocketDiagnosis(): Promise<SocketDiagnosis | null> {
  if (process.platform !== 'linux' || endianness() !== 'LE') return null;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const socket = libc.func('int socket(int domain, int type, int protocol)');
    const number = (socket as (...all: number[]) => number)(
      AF_NETLINK,
      SOCK_RAW | SOCK_CLOEXEC,
      NETLINK_SOCK_DIAG,
    );
    if (number < 0) return null;
    return new NetlinkDiagnosis(number, {
      send: libc.func('intptr_t send(int socket, const void *bytes, size_t length, int flags)'),
      recv: libc.func('intptr_t recv(int socket, _Out_ void *bytes, size_t length, int flags)'),
    });
  } catch {
    // An optional package without a build for this computer.
    return null;
  }
}

class NetlinkDiagnosis implements SocketDiagnosis {
  readonly #socket: number;
  readonly #libc: Libc;
  readonly #request = Buffer.alloc(REQUEST.length);
  readonly #answer = Buffer.alloc(4_096);
  #sequence = 0;

  constructor(socket: number, libc: Libc) {
    this.#socket = socket;
    this.#libc = libc;
    const request = this.#request;
    request.writeUInt32LE(REQUEST.length, 0);
    request.writeUInt16LE(SOCK_DIAG_BY_FAMILY, REQUEST.type);
    request.writeUInt16LE(NLM_F_REQUEST, REQUEST.flags);
    request[REQUEST.protocol] = IPPROTO_TCP;
    request.writeUInt32LE(0xffff_ffff, REQUEST.states);
    request.fill(0xff, ID.cookie); // INET_DIAG_NOCOOKIE
  }

  ownerOfPeer(socket: Socket): SocketOwner | null {
    const { remoteAddress, remotePort, localAddress, localPort } = socket;
    const peer = remoteAddress && addressBytes(remoteAddress);
    const own = localAddress && addressBytes(localAddress);
    if (!peer || !own || !remotePort || !localPort || peer.length !== own.length) return null;
    // Seen from the peer. A socket that dialled ::ffff:127.0.0.1 is found as IPv4 as well.
    const request = this.#request;
    request[REQUEST.family] = peer.length === 4 ? AF_INET : AF_INET6;
    request.writeUInt16BE(remotePort, ID.ownPort);
    request.writeUInt16BE(localPort, ID.peerPort);
    request.fill(0, ID.ownAddress, ID.cookie);
    request.set(peer, ID.ownAddress);
    request.set(own, ID.peerAddress);
    return this.#ask();
  }

  #ask(): SocketOwner | null {
    const sequence = (this.#sequence = (this.#sequence + 1) >>> 0);
    this.#request.writeUInt32LE(sequence, REQUEST.sequence);
    if (this.#libc.send(this.#socket, this.#request, REQUEST.length, 0) !== REQUEST.length) {
      throw new Error('the kernel was not asked');
    }
    const answer = this.#answer;
    // The kernel has answered before `send` returns. What is left of an earlier question is passed over.
    for (;;) {
      const length = this.#libc.recv(this.#socket, answer, answer.length, MSG_DONTWAIT);
      if (length <= 0) throw new Error('the kernel gave no answer');
      if (answer.readUInt32LE(ANSWER.sequence) !== sequence) continue;
      return ownerIn(answer, length);
    }
  }
}

function ownerIn(answer: Buffer, length: number): SocketOwner | null {
  const type = answer.readUInt16LE(ANSWER.type);
  if (type === NLMSG_ERROR && answer.readInt32LE(ANSWER.error) === -ENOENT) return null;
  if (type !== SOCK_DIAG_BY_FAMILY || length < ANSWER.length) {
    throw new Error('the kernel gave no answer of this kind');
  }
  const state = answer[ANSWER.state];
  // Without a connection the kernel names who listens at the port.
  if (state === TCP_LISTEN) return null;
  const isOrphan = answer.readUInt32LE(ANSWER.inode) === 0;
  return { uid: answer.readUInt32LE(ANSWER.uid), isOrphan };
}

/** Of a loopback address, as Node writes it; null: another one. */
function addressBytes(address: string): Uint8Array | null {
  if (address === '::1') return V6_LOOPBACK;
  const found = /^(?:::ffff:)?(127)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  return found && Uint8Array.from(found.slice(1), Number);
}

const V6_LOOPBACK = Uint8Array.of(...Array.from({ length: 15 }, () => 0), 1);
