// The secrets of this device are in a file: its passphrase, or a registration from the beginning.
import { LockKeyhole } from 'lucide-react';
import { useState } from 'react';
import { unlockText } from '../../text/first-launch.ts';
import { Button } from '../../ui/Button.tsx';
import { ErrorNote } from '../../ui/ErrorNote.tsx';
import { Field } from '../../ui/Field.tsx';
import { Panel, PanelHead } from '../../ui/Panel.tsx';
import { useCall } from '../../window-context.tsx';

const focusOnce = (field: HTMLInputElement | null): void => field?.focus();

export function UnlockPage(props: { onAnew: () => void }) {
  const unlock = useCall('device.unlock');
  const [passphrase, setPassphrase] = useState('');
  return (
    <Panel>
      <form
        className="first-launch-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (passphrase !== '' && !unlock.pending) void unlock.run({ passphrase });
        }}
      >
        <PanelHead icon={<LockKeyhole size={22} aria-hidden />} title={unlockText.title}>
          {unlockText.lead}
        </PanelHead>
        <Field label={unlockText.passphrase}>
          {(ids) => (
            <input
              {...ids}
              ref={focusOnce}
              className="input"
              type="password"
              autoComplete="current-password"
              value={passphrase}
              onChange={(event) => {
                unlock.forget();
                setPassphrase(event.target.value);
              }}
            />
          )}
        </Field>
        {unlock.error && <ErrorNote error={unlock.error} />}
        <div className="panel-foot">
          <Button look="quiet" size="large" disabled={unlock.pending} onClick={props.onAnew}>
            {unlockText.anew}
          </Button>
          <Button
            type="submit"
            look="primary"
            size="large"
            disabled={passphrase === ''}
            busy={unlock.pending}
          >
            {unlockText.unlock}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
