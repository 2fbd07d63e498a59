// Whether the app looks for newer versions by itself, what it has found, and the way there.
import { mayCheck, type Updates } from '../../../shared/model/updates.ts';
import { clockTime } from '../../text/time.ts';
import { updatesHelp } from '../../../shared/model/updates-words.ts';
import { updatesText } from '../../text/updates.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { type CallState, useCall, useTruth } from '../../window-context.tsx';
import { type RowFacts, SettingRow, SwitchRow } from './SettingRow.tsx';

export function UpdatesGroup(props: {
  row: Pick<RowFacts, 'by' | 'busy'>;
  on: boolean;
  change: CallState<'settings.change'>;
}) {
  const { row, on, change } = props;
  const updates = useTruth(({ slices }) => slices.updates);
  const version = useTruth(({ app }) => app.version);
  const check = useCall('updates.check');
  const install = useCall('updates.install');
  const error =
    install.error ?? check.error ?? (updates.status === 'failed' ? updates.because : null);
  const canEver = updates.status !== 'off' || updates.because === 'managed';
  return (
    <>
      {canEver && (
        <SwitchRow
          {...row}
          label={updatesText.byItself}
          help={updatesText.byItselfHelp}
          on={on}
          onChange={(updates) => void change.run({ updates })}
        />
      )}
      <SettingRow
        by={null}
        label={updatesText.version(version)}
        help={updatesHelp(updates, on, timeOf(updates))}
      >
        {() => <Next updates={updates} check={check} install={install} />}
      </SettingRow>
      {updates.status === 'downloading' && (
        <progress
          className="update-progress"
          value={updates.share}
          aria-label={updatesText.progress}
        />
      )}
      {error && (
        <div className="setting-problem">
          <ErrorNote error={error} />
        </div>
      )}
    </>
  );
}

function Next(props: {
  updates: Updates;
  check: CallState<'updates.check'>;
  install: CallState<'updates.install'>;
}) {
  const { updates, check, install } = props;
  if (updates.status === 'ready') {
    return (
      <Button look="primary" busy={install.pending} onClick={() => void install.run({})}>
        {updatesText.restart}
      </Button>
    );
  }
  if (!mayCheck(updates) && updates.status !== 'checking') return null;
  const isAgain = updates.status === 'none' || updates.status === 'failed';
  return (
    <Button
      busy={updates.status === 'checking' || check.pending}
      onClick={() => void check.run({})}
    >
      {isAgain ? updatesText.checkAgain : updatesText.check}
    </Button>
  );
}

const timeOf = (updates: Updates): string =>
  updates.status === 'none' ? clockTime(updates.checkedAt) : '';
