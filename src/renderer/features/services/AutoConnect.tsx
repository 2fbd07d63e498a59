// The switch that makes one service connect by itself, and in words what that means now.
import { useId } from 'react';
import { canConnect, type Service } from '../../../shared/model/service.ts';
import { autoConnectText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Switch } from '../../ui/Switch.tsx';
import { useCall, useSetView, useTruth } from '../../window-context.tsx';
import { useAutoConnect } from './use-auto-connect.ts';

export function AutoConnect({ service, organisation }: { service: Service; organisation: string }) {
  const { isOn, stopped } = useAutoConnect(service);
  const by = useTruth(({ slices }) => slices.settings.managed?.by ?? organisation);
  const choose = useCall('service.autoConnect');
  const setView = useSetView();
  const id = useId();
  if (!canConnect(service)) return null;
  return (
    <section className="details-section">
      <div className="block auto-connect">
        <h2 id={id}>{autoConnectText.label}</h2>
        <Switch
          labelledBy={id}
          describedBy={`${id}-help`}
          on={isOn && stopped !== 'locked'}
          disabled={stopped === 'locked'}
          // Not disabled while it is saved: the focus would be lost.
          onChange={(next) => {
            if (!choose.pending) void choose.run({ service: service.id, isOn: next });
          }}
        />
        <p id={`${id}-help`} className="sub" aria-live="polite">
          {stopped === 'locked'
            ? autoConnectText.locked(by)
            : autoConnectText.means(isOn, service.autorun ? organisation : null)}
        </p>
        {stopped === 'everything' && isOn && (
          <div className="auto-connect-stopped">
            <span className="sub">{autoConnectText.stopped}</span>
            <Button size="small" onClick={() => setView({ page: 'settings' })}>
              {autoConnectText.toSettings}
            </Button>
          </div>
        )}
      </div>
      {choose.error && <ErrorNote error={choose.error} />}
    </section>
  );
}
