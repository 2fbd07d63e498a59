// Leaving the organisation, after a yes.
import type { ReactElement } from 'react';
import { deviceText } from '../../text/shell.ts';
import { Confirm } from '../../ui/Confirm.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { useCall } from '../../window-context.tsx';

export function UnregisterDialog(props: { organisation: string; trigger: ReactElement }) {
  const unregister = useCall('device.unregister');
  return (
    <Confirm
      trigger={props.trigger}
      title={deviceText.confirmTitle(props.organisation)}
      yes={deviceText.confirmYes}
      busy={unregister.pending}
      problem={unregister.error && <ErrorNote error={unregister.error} />}
      onYes={() => void unregister.run({})}
    >
      {deviceText.confirm}
    </Confirm>
  );
}
