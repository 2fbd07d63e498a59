// The settings before there are pages: without the right proxy nobody would ever get as far as a sign-in.
import { Dialog } from '@base-ui/react/dialog';
import { Settings2, X } from 'lucide-react';
import { words } from '../../text/common.ts';
import { settingsText } from '../../text/settings.ts';
import { Button } from '../../ui/Button.tsx';
import { useTruth } from '../../window-context.tsx';
import { AllSettings } from './SettingsPage.tsx';
import './early-settings.css';

export function EarlySettings() {
  const device = useTruth(({ slices }) => slices.device);
  return (
    <Dialog.Root>
      <Dialog.Trigger render={<Button look="quiet" size="small" className="early-settings-link" />}>
        <Settings2 size={14} aria-hidden />
        {settingsText.early}
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog early-settings">
          <header className="early-settings-head">
            <Dialog.Title>{settingsText.title}</Dialog.Title>
            <Dialog.Close
              render={<Button look="quiet" className="icon-only" aria-label={words.close} />}
            >
              <X size={16} aria-hidden />
            </Dialog.Close>
          </header>
          <div className="early-settings-body">
            <AllSettings device={device} />
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
