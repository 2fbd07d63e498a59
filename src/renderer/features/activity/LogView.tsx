// The log as it is written: narrowed to a service or to what is important, held still, copied.
import { Pause, Play } from 'lucide-react';
import { useMemo, useState } from 'react';
import { type LogLine, logLineText } from '../../../shared/model/activity.ts';
import { activityText } from '../../text/activity.ts';
import { exactTime } from '../../text/time.ts';
import { Button } from '../../ui/Button.tsx';
import { CopyButton } from '../../ui/Copy.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Select } from '../../ui/Select.tsx';
import { VirtualList } from '../../ui/VirtualList.tsx';
import { type LogFilter, matching } from './log-lines.ts';
import { useLog } from './use-activity.ts';
import { useServiceName } from './use-service-names.ts';

const LEVELS = ['info', 'warn', 'error'] as const;
const EVERY = '';

export function LogView() {
  const [isPaused, setPaused] = useState(false);
  const [filter, setFilter] = useState<LogFilter>({ service: null, level: 'info' });
  const { lines, error } = useLog(isPaused);
  const nameOf = useServiceName();
  const shown = useMemo(() => matching(lines, filter), [lines, filter]);
  const services = useMemo(
    () => [...new Set(lines.flatMap(({ service }) => service ?? []))].sort(),
    [lines],
  );
  return (
    <>
      <div className="activity-bar">
        <Select
          label={activityText.service}
          value={filter.service ?? EVERY}
          choices={[
            [EVERY, activityText.everyService],
            ...services.map((id) => [id, nameOf(id)] as const),
          ]}
          onChange={(id) => setFilter({ ...filter, service: id === EVERY ? null : id })}
        />
        <Select
          label={activityText.level}
          value={filter.level}
          choices={LEVELS.map((level) => [level, activityText.levels[level]])}
          onChange={(level) => setFilter({ ...filter, level })}
        />
        <span className="sub activity-count">{activityText.lines(shown.length)}</span>
        <Button size="small" aria-pressed={isPaused} onClick={() => setPaused(!isPaused)}>
          {isPaused ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
          {isPaused ? activityText.resume : activityText.pause}
        </Button>
        <CopyButton
          label={activityText.copy}
          text={() => shown.map(logLineText).join('\n')}
          showLabel
          look="plain"
        />
      </div>
      {error && <ErrorNote error={error} />}
      <p className={isPaused ? 'sub' : 'unseen'} aria-live="polite">
        {isPaused ? activityText.paused : ''}
      </p>
      {shown.length === 0 ? (
        <p className="activity-none sub">{activityText.noLines}</p>
      ) : (
        <VirtualList
          label={activityText.log}
          items={shown}
          keyOf={({ number }) => number}
          rowHeight={28}
          followsEnd
          renderRow={(line) => <Line line={line} />}
        />
      )}
    </>
  );
}

function Line({ line }: { line: LogLine }) {
  return (
    <div className={`log-line ${line.level}`}>
      <time dateTime={new Date(line.at).toISOString()}>{exactTime(line.at)}</time>
      <span className="log-level">{activityText.levelWords[line.level]}</span>
      <span className="log-words">
        {line.message} {/* Spaces, so that words stay apart where they are read out or copied. */}
        {line.service && <span className="log-service">{line.service}</span>}{' '}
        {line.facts && <span className="log-facts">{line.facts}</span>}
      </span>
    </div>
  );
}
