// What has happened lately: connections, and the log behind them.
import { useState } from 'react';
import { activityText } from '../../text/activity.ts';
import { Segments } from '../../ui/Segments.tsx';
import { ConnectionsView } from './ConnectionsView.tsx';
import { LogView } from './LogView.tsx';
import './activity.css';

export function ActivityPage() {
  const [view, setView] = useState<'connections' | 'log'>('connections');
  return (
    <main className="activity">
      <header className="page-head">
        <div>
          <h1>{activityText.title}</h1>
          <p className="sub">{activityText.about}</p>
        </div>
        <Segments
          label={activityText.views}
          value={view}
          choices={[
            ['connections', activityText.connections],
            ['log', activityText.log],
          ]}
          onChange={setView}
        />
      </header>
      {view === 'log' ? <LogView /> : <ConnectionsView />}
    </main>
  );
}
