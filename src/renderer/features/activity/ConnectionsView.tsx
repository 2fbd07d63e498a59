// The last connections through services: where to, how much, how long, and how they ended.
import { ArrowDown, ArrowUp, Ban, Cable, Check, CircleDashed, Unplug } from 'lucide-react';
import type { ConnectionOutcome, RecentConnection } from '../../../shared/model/activity.ts';
import { byteWords } from '../../../shared/model/traffic-words.ts';
import { activityText, durationWords } from '../../text/activity.ts';
import { moment } from '../../text/time.ts';
import { Empty } from '../../ui/Empty.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useNow } from '../../ui/use-now.ts';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { useConnections } from './use-activity.ts';
import { useServiceName } from './use-service-names.ts';

export function ConnectionsView() {
  const { connections, error } = useConnections();
  const nameOf = useServiceName();
  const now = useNow(1_000);
  if (connections.length === 0) {
    return (
      <>
        {error && <ErrorNote error={error} />}
        <Empty icon={<Cable size={22} aria-hidden />} title={activityText.noConnections}>
          {activityText.noConnectionsHelp}
        </Empty>
      </>
    );
  }
  return (
    <VirtualList
      label={activityText.connections}
      items={connections}
      keyOf={({ id }) => id}
      rowHeight={52}
      renderRow={(connection) => (
        <Row connection={connection} service={nameOf(connection.service)} now={now} />
      )}
    />
  );
}

const icons: Record<ConnectionOutcome, typeof Check> = {
  running: CircleDashed,
  finished: Check,
  reset: Unplug,
  idle: Unplug,
  lifetime: Unplug,
  closed: Unplug,
  refused: Ban,
  denied: Ban,
};

function Row(props: { connection: RecentConnection; service: string; now: number }) {
  const { connection, service, now } = props;
  const { target, startedAt, durationMs, outcome, because } = connection;
  const Icon = icons[outcome];
  const { columns } = activityText;
  return (
    <div className={`connection ${outcome}`}>
      <Icon size={15} aria-hidden />
      <div className="connection-what">
        <div className="one-line">
          <code>{target}</code> <span className="sub">{service}</span>
        </div>
        <div className="sub one-line" title={because?.message}>
          {activityText.outcomes[outcome]}
          {because && `: ${because.message}`}
        </div>
      </div>
      <Amount label={columns.sent} icon={<ArrowUp size={12} aria-hidden />}>
        {durationMs === null ? '…' : byteWords(connection.bytesSent)}
      </Amount>
      <Amount label={columns.received} icon={<ArrowDown size={12} aria-hidden />}>
        {durationMs === null ? '…' : byteWords(connection.bytesReceived)}
      </Amount>
      <div className="connection-time">
        <span className="unseen">{columns.duration} </span>
        {durationWords(durationMs ?? Math.max(0, now - startedAt))}
        <div className="sub">{moment(startedAt, now)}</div>
      </div>
    </div>
  );
}

function Amount(props: { label: string; icon: React.ReactNode; children: string }) {
  return (
    <div className="connection-amount">
      {props.icon}
      <span className="unseen">{props.label} </span>
      {props.children}
    </div>
  );
}
