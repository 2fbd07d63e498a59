// What programs do through one service, now and lately; a few of them, and the way to all.
import { ArrowDown, ArrowUp } from 'lucide-react';
import type { RecentConnection } from '../../../shared/model/activity.ts';
import type { Service } from '../../../shared/model/service.ts';
import { durationWords, outcomeWord } from '../../../shared/model/connection-words.ts';
import { byteWords } from '../../../shared/model/traffic-words.ts';
import type { Tunnel } from '../../../shared/model/tunnel.ts';
import { activityText } from '../../text/activity.ts';
import { serviceActivityText } from '../../text/services.ts';
import { exactTime } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useSetView } from '../../window-context.tsx';
import { outcomeIcons } from '../activity/outcome-icons.ts';
import { useConnections } from '../activity/use-activity.ts';
import { ThroughputLine } from './ThroughputLine.tsx';

const MOST_SHOWN = 5;

export function ServiceActivity({ service, tunnel }: { service: Service; tunnel: Tunnel }) {
  const { connections, error } = useConnections();
  const setView = useSetView();
  const isOpen = tunnel.status === 'open';
  const own = connections.filter((each) => each.service === service.id);
  // Of a service that nobody has used there is nothing to say.
  if (!isOpen && own.length === 0) return null;
  const shown = runningFirst(own).slice(0, MOST_SHOWN);
  return (
    <section className="details-section" aria-labelledby="service-activity">
      <h2 id="service-activity">{activityText.title}</h2>
      {isOpen && <ThroughputLine service={service.id} />}
      {error && <ErrorNote error={error} />}
      {shown.length === 0 ? (
        <p className="sub">{serviceActivityText.none}</p>
      ) : (
        <ul className="block used">
          {shown.map((connection) => (
            <Used key={connection.id} connection={connection} />
          ))}
        </ul>
      )}
      {own.length > 0 && (
        <Button
          size="small"
          look="quiet"
          className="used-all"
          onClick={() => setView({ page: 'activity', activityOf: service.id })}
        >
          {serviceActivityText.all(own.length)}
        </Button>
      )}
    </section>
  );
}

const runningFirst = (all: readonly RecentConnection[]): RecentConnection[] => [
  ...all.filter(({ outcome }) => outcome === 'running'),
  ...all.filter(({ outcome }) => outcome !== 'running'),
];

function Used({ connection }: { connection: RecentConnection }) {
  const { target, startedAt, durationMs, outcome, because, bytesReceived, bytesSent } = connection;
  const now = useNow(1_000);
  const Icon = outcomeIcons[outcome];
  return (
    <li className={`used-one ${outcome}`}>
      <Icon size={14} aria-hidden />
      <code className="one-line">{target}</code>
      <time dateTime={new Date(startedAt).toISOString()}>{exactTime(startedAt)}</time>
      <div className="used-end">
        <span title={because?.message}>
          {outcomeWord(connection)}
          {because && `: ${because.message}`}
          {outcome !== 'denied' && (
            <>
              <span className="unseen">, {activityText.columns.duration}</span>{' '}
              {durationWords(durationMs ?? Math.max(0, now - startedAt))}
            </>
          )}
        </span>
        {durationMs !== null && outcome !== 'denied' && (
          <span className="used-bytes">
            <ArrowDown size={11} aria-hidden />
            <span className="unseen">{activityText.columns.received} </span>
            {byteWords(bytesReceived)} <ArrowUp size={11} aria-hidden />
            <span className="unseen">{activityText.columns.sent} </span>
            {byteWords(bytesSent)}
          </span>
        )}
      </div>
    </li>
  );
}
