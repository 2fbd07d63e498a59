// The one switch that takes protection away: turned on only after a yes, turned off at once.
import { useState } from 'react';
import { settingsText } from '../../text/settings.ts';
import { Confirm } from '../../ui/Confirm.tsx';
import type { CallState } from '../../window-context.tsx';
import { SwitchRow } from './SettingRow.tsx';

export function AnyLocalUser(props: {
  by: string | null;
  busy: boolean;
  on: boolean;
  change: CallState<'settings.change'>;
}) {
  const [asking, setAsking] = useState(false);
  const { change } = props;
  const set = async (anyLocalUser: boolean): Promise<void> => {
    await change.run({ anyLocalUser });
    setAsking(false);
  };
  return (
    <>
      <SwitchRow
        by={props.by}
        busy={props.busy}
        label={settingsText.anyLocalUser}
        help={settingsText.anyLocalUserHelp}
        on={props.on}
        onChange={(on) => (on ? setAsking(true) : void set(false))}
      />
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={settingsText.anyLocalUserAsk}
        yes={settingsText.anyLocalUserYes}
        busy={change.pending}
        onYes={() => void set(true)}
      >
        {settingsText.anyLocalUserWarn}
      </Confirm>
    </>
  );
}
