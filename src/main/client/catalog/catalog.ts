// Keeps the list of services current while somebody is signed in: fetched with its ETag, followed by events.
import { AppError, toWireError } from '../../../shared/errors.ts';
import type { Catalog } from '../../../shared/ipc/contract.ts';
import type { Service } from '../../../shared/model/service.ts';
import { catalogDocument, decodeService } from '../../../shared/protocol/catalog.ts';
import { type EventData, type EventName, EVENTS } from '../../../shared/protocol/events.ts';
import type { Membership } from '../device/membership.ts';
import { invalidAnswer } from '../organisation/failures.ts';
import { parseJson } from '../organisation/first-trust.ts';
import { deviceRefused, readRefusal } from '../organisation/refusals.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import { readEvents } from './event-stream.ts';

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 30_000;
/** So long at most until the stream is asked for on another network; spread, as a whole office moves at once. */
const FOLLOW_AGAIN_MS = 500;

/** With what the organisation is asked; taken anew for every request, as both parts are replaced by renewals. */
export interface Access {
  membership: Membership;
  trustToken: string;
}

export interface CatalogOptions {
  ports: Pick<ClientPorts, 'clock' | 'log'>;
  state: State;
  access: () => Access | null;
  /** What is about to be listed, so that nothing is shown without its port. */
  onListed: (services: readonly Service[]) => void;
  /** The list has been read anew, whether or not it has changed. */
  onServices: (services: readonly Service[]) => void;
  onDenied: (event: EventData<'connection.denied'>) => void;
  onEnded: (event: EventData<'connection.ended'>) => void;
  onSessionEnded: (reason: string) => void;
  onDeviceRevoked: (reason: string) => void;
  /** The token was not accepted. */
  onRefused: () => void;
}

interface Following {
  again(): void;
  stop(): void;
}

export function createCatalog(options: CatalogOptions) {
  const { state } = options;
  const { clock, log } = options.ports;
  let etag: string | null = null;
  let following: Following | null = null;
  let fetching: Promise<Catalog> | null = null;
  let fetchAgain = false;

  const authorised = ({ trustToken }: Access) => ({ authorization: `Bearer ${trustToken}` });

  /** One request at a time; whoever asks during one gets the answer to a request made after asking. */
  function refresh(): Promise<Catalog> {
    if (fetching) {
      fetchAgain = true;
      return fetching;
    }
    fetching = (async () => {
      try {
        for (;;) {
          fetchAgain = false;
          try {
            const catalog = await fetchOnce();
            if (!fetchAgain) return catalog;
          } catch (error) {
            // Whoever asked meanwhile is owed an answer of her own.
            if (!fetchAgain) throw error;
          }
        }
      } finally {
        fetching = null;
      }
    })();
    return fetching;
  }

  async function fetchOnce(): Promise<Catalog> {
    const access = options.access();
    if (!access) throw new AppError('identity/sign-in-required', 'You are not signed in.');
    const before = state.slices.catalog;
    if (before.status === 'empty') state.catalog({ status: 'loading', services: [] });
    try {
      const services = await fetchServices(access);
      if (!options.access()) return state.slices.catalog; // signed out meanwhile
      const current = services ?? before.services;
      options.onListed(current);
      state.catalog({ status: 'current', services: current });
      options.onServices(state.slices.catalog.services);
    } catch (error) {
      if (options.access()) {
        const because = toWireError(error);
        state.catalog({ status: 'stale', services: before.services, because });
      }
      throw error;
    }
    return state.slices.catalog;
  }

  /** null: not modified. */
  async function fetchServices(access: Access): Promise<Service[] | null> {
    const url = `${access.membership.document.command_center}/services`;
    const { host } = new URL(url);
    const answer = await access.membership.connection.ask({
      url,
      headers: { ...authorised(access), ...(etag !== null && { 'if-none-match': etag }) },
    });
    if (answer.status === 304) return null;
    const refusal = readRefusal(answer);
    if (refusal?.about === 'session' && answer.status === 401) {
      options.onRefused();
      throw new AppError('identity/session-expired', `${host} no longer accepts this session.`);
    }
    if (refusal) {
      // The event may have been sent while nobody listened.
      if (refusal.about === 'revoked') options.onDeviceRevoked(refusal.detail);
      throw deviceRefused(access.membership.document.name, refusal);
    }
    const decoded = catalogDocument.safeParse(parseJson(answer.body));
    if (answer.status !== 200 || !decoded.success) {
      throw invalidAnswer(host, 'it is not a list of services', decoded.error);
    }
    etag = answer.headers['etag'] ?? null;
    return decoded.data.services.flatMap((entry) => {
      const result = decodeService(entry);
      if ('problem' in result) {
        log.warn('an entry of the catalogue cannot be read', { problem: result.problem });
        return [];
      }
      const { service, setAside } = result;
      if (setAside.length > 0) {
        log.warn('lines for the program of a service are left out', {
          service: service.id,
          problem: setAside.join('; '),
        });
      }
      return [service];
    });
  }

  function follow(): Following {
    let isOver = false;
    let attempt = new AbortController();
    let cancelRetry: (() => void) | null = null;
    let isHurried = false;
    let retryMs = FIRST_RETRY_MS;

    async function connect(): Promise<void> {
      cancelRetry = null;
      attempt = new AbortController();
      const { signal } = attempt;
      try {
        await listen(signal, () => (retryMs = FIRST_RETRY_MS));
      } catch (error) {
        if (!signal.aborted) log.info('the event stream broke off', { error });
      }
      if (!isOver) connectLater();
    }

    function connectLater(): void {
      // Between half and whole, so that clients of a restarted server do not come back as one.
      const delayMs = (isHurried ? FOLLOW_AGAIN_MS : retryMs) * (0.5 + Math.random() / 2);
      if (!isHurried) retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS);
      isHurried = false;
      cancelRetry = clock.after(delayMs, () => void connect());
    }

    void connect();
    return {
      again() {
        isHurried = true;
        if (!cancelRetry) return attempt.abort(); // then it connects later, which is soon
        cancelRetry();
        connectLater();
      },
      stop() {
        isOver = true;
        attempt.abort();
        cancelRetry?.();
      },
    };
  }

  async function listen(signal: AbortSignal, onConnected: () => void): Promise<void> {
    const access = options.access();
    if (!access) return;
    const { connection, document } = access.membership;
    const { status, body } = await connection.stream({
      url: `${document.command_center}/events`,
      headers: { ...authorised(access), accept: 'text/event-stream' },
      signal,
    });
    if (status !== 200) {
      body.destroy();
      // A refused catalogue says why.
      if (status === 401 || status === 403) refreshQuietly();
      throw new Error(`the event stream answered ${status}`);
    }
    onConnected();
    // What happened while nobody listened is in the catalogue.
    refreshQuietly();
    for await (const { name, data } of readEvents(body)) handle(name, parseJson(data));
  }

  function handle(name: string, data: unknown): void {
    const read = <Name extends EventName>(event: Name): EventData<Name> | null => {
      const decoded = EVENTS[event].safeParse(data);
      if (!decoded.success) log.warn('an event cannot be read', { name });
      return decoded.success ? (decoded.data as EventData<Name>) : null;
    };
    switch (name) {
      case 'catalog.changed':
        return refreshQuietly();
      case 'connection.denied': {
        const denied = read(name);
        return denied ? options.onDenied(denied) : undefined;
      }
      case 'connection.ended': {
        const ended = read(name);
        return ended ? options.onEnded(ended) : undefined;
      }
      case 'session.ended':
        return options.onSessionEnded(read(name)?.reason ?? '');
      case 'device.revoked':
        return options.onDeviceRevoked(read(name)?.reason ?? '');
      default:
        log.debug('an unknown event was ignored', { name });
    }
  }

  function refreshQuietly(): void {
    refresh().catch((error: unknown) => {
      log.warn('the catalogue was not refreshed', { error });
    });
  }

  return {
    refresh,
    /** Fetches once, then follows. Safe to call while following. */
    start(): void {
      following ??= follow();
    },
    /** The network is another one: what is open may be dead without knowing it. */
    again(): void {
      following?.again();
    },
    /** Nobody is signed in: there is nothing to list. */
    clear(): void {
      following?.stop();
      following = null;
      etag = null;
      state.catalog({ status: 'empty', services: [] });
    },
    /** Keeps the list on show: the session has ended, its services have not. */
    stop(): void {
      following?.stop();
      following = null;
      etag = null;
    },
  };
}
