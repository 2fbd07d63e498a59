// Opens a remote desktop in the program that the system has for it, or saves the file that such programs open.
import { useState } from 'react';
import type { Service } from '../../../../shared/model/service.ts';
import { waysText } from '../../../text/ways.ts';
import { Button } from '../../../ui/Button.tsx';
import { ErrorNote } from '../../../ui/ErrorNote.tsx';
import { useCall, useTruth } from '../../../window-context.tsx';

export function RemoteDesktop({ service, isReady }: { service: Service; isReady: boolean }) {
  const desktop = useTruth(({ app }) => app.desktop);
  const [saved, setSaved] = useState<string | null>(null);
  const open = useCall('program.openRdp');
  const save = useCall('program.saveRdp');
  const input = { service: service.id };
  const error = open.error ?? save.error;
  const saveFile = async (): Promise<void> => {
    open.forget();
    setSaved((await save.run(input))?.file ?? null);
  };
  return (
    <>
      <div className="entry-buttons">
        {desktop && (
          <Button
            disabled={!isReady}
            busy={open.pending}
            onClick={() => {
              save.forget();
              void open.run(input);
            }}
          >
            {waysText.openDesktop}
          </Button>
        )}
        <Button look="quiet" busy={save.pending} onClick={() => void saveFile()}>
          {waysText.saveRdp}
        </Button>
      </div>
      <p className="sub" aria-live="polite">
        {saved !== null && !error && waysText.savedAs(saved)}
      </p>
      {error && <ErrorNote error={error} actions={{}} />}
    </>
  );
}
