// The last connections through services: where to, how much, how long, and how they ended.
import { ArrowDown, ArrowUp, Cable } from 'lucide-react';
import type { RecentConnection } from '../../../shared/model/activity.ts';
import { durationWords, outcomeWord } from '../../../shared/model/connection-words.ts';
import { byteWords } from '../../../shared/model/traffic-words.ts';
import { activityText } from '../../text/activity.ts';
import { moment } from '../../text/time.ts';
import { Empty } from '../../ui/Empty.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useNow } from '../../ui/use-now.ts';
import { Select } from '../../ui/Select.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { useSetView, useView } from '../../window-context.tsx';
import { outcomeIcons } from './outcome-icons.ts';
import { useConnections } from './use-activity.ts';
import { useServiceName } from './use-service-names.ts';

export function ConnectionsView() {
  const { connections, error } = useConnections();
  const only = useView((view) => view.activityOf);
  const nameOf = useServiceName();
  const now = useNow(1_000);
  const shown = only === null ? connections : connections.filter(({ service }) => service === only);
  return (
    <>
      {(connections.length > 0 || only !== null) && <OfService connections={connections} />}
      {error && <ErrorNote error={error} />}
      {shown.length === 0 ? (
        <Empty
          icon={<Cable size={22} aria-hidden />}
          title={
            only === null ? activityText.noConnections : activityText.noConnectionsOf(nameOf(only))
          }
        >
          {activityText.noConnectionsHelp}
        </Empty>
      ) : (
        <VirtualList
          label={activityText.connections}
          items={shown}
          keyOf={({ id }) => id}
          rowHeight={52}
          renderRow={(connection) => (
            <Row connection={connection} service={nameOf(connection.service)} now={now} />
          )}
        />
      )}
    </>
  );
}

const EVERY = '';

function OfService({ connections }: { connections: readonly RecentConnection[] }) {
  const only = useView((view) => view.activityOf);
  const setView = useSetView();
  const nameOf = useServiceName();
  const there = connections.map(({ service }) => service);
  const services = [...new Set(only === null ? there : [...there, only])].sort();
  return (
    <div className="activity-bar">
      <Select
        label={activityText.service}
        value={only ?? EVERY}
        choices={[
          [EVERY, activityText.everyService],
          ...services.map((id) => [id, nameOf(id)] as const),
        ]}
        onChange={(id) => setView({ activityOf: id === EVERY ? null : id })}
      />
    </div>
  );
}

function Row(props: { connection: RecentConnection; service: string; now: number }) {
  const { connection, service, now } = props;
  const { target, startedAt, durationMs, outcome, because } = connection;
  const Icon = outcomeIcons[outcome];
  const { columns } = activityText;
  return (
    <div className={`connection ${outcome}`}>
      <Icon size={15} aria-hidden />
      <div className="connection-what">
        <div className="one-line">
          <code>{target}</code> <span className="sub">{service}</span>
        </div>
        <div className="sub one-line" title={because?.message}>
          {outcomeWord(connection)}
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
