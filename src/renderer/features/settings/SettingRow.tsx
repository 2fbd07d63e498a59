// One setting: what it is called, what it does, its control; with a lock where the organisation has set it.
import { Lock } from 'lucide-react';
import { type ReactNode, useId } from 'react';
import { settingsText } from '../../text/settings.ts';
import { Switch } from '../../ui/Switch.tsx';

export interface RowFacts {
  label: string;
  help?: string;
  /** Who has set it, where the person cannot. */
  by: string | null;
  /** Being saved: it cannot be changed twice at once. */
  busy?: boolean;
}

interface Ids {
  labelledBy: string;
  describedBy: string | undefined;
  locked: boolean;
}

export function SettingRow(props: RowFacts & { children?: (ids: Ids) => ReactNode }) {
  const id = useId();
  const { label, help, by, children } = props;
  const describedBy = help || by ? `${id}-help` : undefined;
  return (
    <div className="setting">
      <div className="setting-words">
        <span id={id} className="setting-label">
          {label}
        </span>
        {describedBy && (
          <div id={describedBy} className="sub">
            {help}
            {by && (
              <span className="setting-lock">
                <Lock size={12} aria-hidden />
                {settingsText.locked(by)}
              </span>
            )}
          </div>
        )}
      </div>
      {children?.({ labelledBy: id, describedBy, locked: by !== null })}
    </div>
  );
}

export function SwitchRow(props: RowFacts & { on: boolean; onChange: (on: boolean) => void }) {
  const { on, onChange, busy = false } = props;
  return (
    <SettingRow {...props}>
      {({ labelledBy, describedBy, locked }) => (
        <Switch
          labelledBy={labelledBy}
          describedBy={describedBy}
          on={on}
          disabled={locked}
          // Not disabled while it is saved: the focus would be lost.
          onChange={(next) => {
            if (!busy) onChange(next);
          }}
        />
      )}
    </SettingRow>
  );
}
