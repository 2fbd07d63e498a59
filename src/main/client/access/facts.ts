// What the engine and the Access Tier tell of the ways that are open: made into model states, notices, recent connections, log.
import { AppError, fromWireError, type WireError } from '../../../shared/errors.ts';
import { exhaustive } from '../../../shared/exhaustive.ts';
import type { EventData } from '../../../shared/protocol/events.ts';
import type { TunnelFact } from '../../../proxy/index.ts';
import type { ClientPorts } from '../ports.ts';
import type { State } from '../state.ts';
import { createDenials } from './denials.ts';
import { createRecentConnections } from './recent-connections.ts';
import { createTrafficBoard } from './traffic-board.ts';
import { createTroubleNotices } from './trouble-notices.ts';

type ConnectionRefused = Extract<TunnelFact, { type: 'connection-refused' }>;

/** A refusal without its reason: in TCP mode the Access Tier can only close. */
export const isBare = ({ code, details }: WireError | AppError): boolean =>
  code === 'tunnel/denied' && !details?.['refusal'];
const WORDS_BEFORE_MS = 2_000;

export interface FactsOptions {
  ports: Pick<ClientPorts, 'clock' | 'log' | 'notifier'>;
  state: State;
  onCertificateNeeded: () => void;
}

export function createFacts({ ports, state, onCertificateNeeded }: FactsOptions) {
  const { clock, log } = ports;
  const traffic = createTrafficBoard(clock, (totals) => state.tunnels(totals));
  const recent = createRecentConnections(clock);
  const denials = createDenials(clock);
  const notices = createTroubleNotices(ports);

  function take(fact: TunnelFact): void {
    switch (fact.type) {
      case 'connection-refused':
        refused(fact);
        return;
      case 'traffic':
        traffic.add(fact);
        return;
      case 'certificate-needed':
        log.info('connections wait for a new certificate', { ...fact });
        state.tunnel(fact.tunnel, { type: 'wait-started' });
        onCertificateNeeded();
        return;
      case 'way-lost':
        log.warn('the way to a service is lost', { ...fact });
        state.tunnel(fact.tunnel, { type: 'way-lost', error: fact.error });
        return;
      case 'way-restored':
        log.info('the way to a service is back', { ...fact });
        state.tunnel(fact.tunnel, { type: 'way-restored' });
        return;
      case 'engine-restarted':
        log.error('the proxy engine was started again; its connections are lost', { ...fact });
        recent.lost();
        endWait(); // what waited was closed; what waits from now on is told anew
        return;
      case 'failed':
        state.tunnel(fact.tunnel, { type: 'failed', error: fact.error });
        tell(fact.tunnel, fact.error);
        return;
      case 'connection-opened':
        recent.opened(fact);
        log.debug(fact.type, { ...fact });
        return;
      case 'connection-closed':
        recent.closed(fact);
        // In TCP mode one that is refused has been opened too.
        if (fact.firstByteMs !== null) notices.well(fact.tunnel);
        log.debug(fact.type, { ...fact });
        return;
      default:
        exhaustive(fact);
    }
  }

  function refused({ tunnel: id, target, connection, error }: ConnectionRefused): void {
    const at = clock.now();
    const tellRefusal = (words: WireError): void => {
      log.warn('a connection was refused', { tunnel: id, target, error: words });
      recent.denied({ tunnel: id, target, connection }, words);
      const current = state.slices.tunnels.states[id];
      // Closed and opened again while the words were waited for: then it is an old story.
      if (current?.status !== 'open' || current.openedAt > at) return;
      state.tunnel(id, { type: 'connection-refused', refusal: { at, error: words } });
      tell(id, words);
    };
    if (!isBare(error)) return tellRefusal(error);
    // The event may have been faster than the close of the connection.
    const words = denials.wordsFor(id, at - WORDS_BEFORE_MS, fromWireError(error));
    void words.then((told) => tellRefusal(told.toWire()));
  }

  function endWait(): void {
    const ids = Object.keys(state.slices.tunnels.states);
    state.tunnels(ids.map((id) => [id, { type: 'wait-ended' }]));
  }

  /** To a person who did not ask for it. Of a service that is published no longer, the id is all that is left. */
  function tell(id: string, error: WireError): void {
    const service = state.slices.catalog.services.find((each) => each.id === id);
    notices.tell(service ?? { id, friendlyName: id }, error);
  }

  return {
    take,
    tell,
    endWait,
    well: (id: string): void => notices.well(id),
    /** The words for a refusal that only closed: they come another way. */
    wordsFor: (id: string, since: number, bare: AppError) => denials.wordsFor(id, since, bare),
    recentConnections: (known: number) => recent.read(known),

    denied(event: EventData<'connection.denied'>): void {
      const error = denials.record(event).toWire();
      const refusal = { at: clock.now(), error };
      state.tunnel(event.service, { type: 'connection-refused', refusal });
    },

    /** By a limit. Nothing is refused: whoever connects again is let in. */
    ended({ service, code, reason, correlation_id }: EventData<'connection.ended'>): void {
      const error = new AppError('tunnel/limit-reached', reason, {
        correlationId: correlation_id,
        details: { limit: code },
      }).toWire();
      log.info('a connection reached a limit', { tunnel: service, error });
      state.tunnel(service, { type: 'connection-refused', refusal: { at: clock.now(), error } });
    },

    /** The next person starts afresh. */
    forget: (): void => notices.forget(),

    stop(): void {
      traffic.stop();
      notices.forget();
    },
  };
}
