// All tunnels of one thread. What the front door offers, done here.
import { AppError, fromWireError, type WireError } from '../shared/errors.ts';
import { isLoopbackAddress } from '../shared/model/listen-address.ts';
import type { LocalAddress } from '../shared/model/tunnel.ts';
import type { Credentials, TunnelSpec } from './messages.ts';
import { createLocalUsers } from './guard/local-users.ts';
import { Tunnel } from './tunnel.ts';
import type { TunnelSink } from './tunnel-events.ts';
import { Identity } from './upstream/identity.ts';

const TRAFFIC_EVERY_MS = 1_000;

export interface OpenOptions {
  /** It was open before, in a worker that is gone: its port comes back without a question. */
  isProven?: boolean;
}

interface Opened {
  tunnel: Tunnel;
  opening: Promise<LocalAddress>;
  abort: AbortController;
}

export class TunnelEngine {
  readonly #sink: TunnelSink;
  readonly #tunnels = new Map<string, Opened>();
  readonly #identity: Identity;
  readonly #localUsers = createLocalUsers({
    platform: process.platform,
    uid: process.getuid?.() ?? -1,
  });
  readonly #traffic: NodeJS.Timeout;
  #connections = 0;
  #isStopping = false;

  constructor(sink: TunnelSink) {
    this.#sink = sink;
    this.#identity = new Identity((tunnel) => sink({ type: 'certificate-needed', tunnel }));
    this.#traffic = setInterval(() => {
      for (const { tunnel } of this.#tunnels.values()) tunnel.tellTraffic();
    }, TRAFFIC_EVERY_MS).unref();
  }

  async open(spec: TunnelSpec, { isProven = false }: OpenOptions = {}): Promise<LocalAddress> {
    if (this.#isStopping) throw new AppError('internal', 'Banyan is shutting down.');
    if (!isLoopbackAddress(spec.listen.host)) {
      throw new AppError(
        'tunnel/address-not-loopback',
        `${spec.listen.host} is not an address of this computer alone: anybody in the network could use the service.`,
        { details: { address: spec.listen.host } },
      );
    }
    const abort = new AbortController();
    const previous = this.close(spec.id);
    const tunnel = new Tunnel({
      spec,
      identity: this.#identity,
      localUsers: this.#localUsers,
      nextConnection: () => ++this.#connections,
      sink: this.#sink,
    });
    const opening = previous.then(() => tunnel.open(abort.signal, isProven));
    // Registered before anything is awaited, so that a close that comes at once finds it.
    const opened = { tunnel, opening, abort };
    this.#tunnels.set(spec.id, opened);
    try {
      return await opening;
    } catch (error) {
      if (this.#tunnels.get(spec.id) === opened) this.#tunnels.delete(spec.id);
      throw error;
    }
  }

  async close(id: string, drainMs = 0): Promise<void> {
    const opened = this.#tunnels.get(id);
    if (!opened) return;
    this.#tunnels.delete(id);
    opened.abort.abort();
    // A tunnel that failed to open has told its caller already and left nothing to close.
    await opened.opening.then(
      () => opened.tunnel.close(drainMs),
      () => {},
    );
  }

  setCredentials(credentials: Credentials | null): void {
    this.#identity.replace(credentials);
    for (const { tunnel } of this.#tunnels.values()) tunnel.dropWarm();
  }

  refuseHeld(error: WireError): void {
    this.#identity.refuseHeld(fromWireError(error));
  }

  checkWays(): void {
    for (const { tunnel } of this.#tunnels.values()) tunnel.checkWay();
  }

  async stop(drainMs = 0): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#traffic);
    this.#identity.refuseHeld(new AppError('tunnel/cancelled', 'Banyan is shutting down.'));
    await Promise.all([...this.#tunnels.keys()].map((id) => this.close(id, drainMs)));
    await this.#localUsers.settled();
  }
}
