// The organisation no longer accepts this device: why, and the only way on.
import { Ban } from 'lucide-react';
import { ERRORS } from '../../../shared/errors.ts';
import type { Device } from '../../../shared/model/device.ts';
import { isHeldByFile } from '../../../shared/model/managed.ts';
import { words } from '../../text/common.ts';
import { managedText } from '../../text/managed.ts';
import { deviceText } from '../../text/shell.ts';
import { Button } from '../../ui/Button.tsx';
import { Panel, PanelHead } from '../../ui/Panel.tsx';
import { useTruth } from '../../window-context.tsx';
import { OtherOrganisations } from '../organisations/OtherOrganisations.tsx';
import { UnregisterDialog } from './UnregisterDialog.tsx';

export function RevokedPage({ device }: { device: Extract<Device, { status: 'revoked' }> }) {
  const isHeld = useTruth(({ slices }) => isHeldByFile(slices.managed, device));
  const several = useTruth(({ slices }) => slices.organisations.length > 1);
  return (
    <Panel below={several && <OtherOrganisations />}>
      <PanelHead icon={<Ban size={22} aria-hidden />} title={deviceText.revokedTitle}>
        {device.because.message} {!isHeld && ERRORS[device.because.code].advice}
      </PanelHead>
      <dl className="facts">
        <div>
          <dt>{deviceText.groups.organisation}</dt>
          <dd>
            {device.organisation.name} · {device.organisation.host}
          </dd>
        </div>
        <div>
          <dt>{deviceText.title}</dt>
          <dd>{device.device.name}</dd>
        </div>
      </dl>
      {isHeld ? (
        <p className="sub">{managedText.held}</p>
      ) : (
        <div className="panel-foot">
          <UnregisterDialog
            organisation={device.organisation.name}
            trigger={<Button look="danger">{words.leave}</Button>}
          />
        </div>
      )}
    </Panel>
  );
}
