// The frame of a registered device: rail on the left, one page beside it.
import { useEffect } from 'react';
import type { Device } from '../../../shared/model/device.ts';
import { useSetView, useView } from '../../window-context.tsx';
import { DevicePage } from '../device/DevicePage.tsx';
import { OpenLinkDialog } from '../services/OpenLinkDialog.tsx';
import { ServicesPage } from '../services/ServicesPage.tsx';
import { Palette } from '../palette/Palette.tsx';
import { Rail } from './Rail.tsx';
import './shell.css';

export function Shell({ device }: { device: Extract<Device, { status: 'registered' }> }) {
  const setView = useSetView();
  // From now on the sign-in page is no longer the third of three steps.
  useEffect(() => setView({ firstLaunch: false }), [setView]);
  const page = useView((view) => view.page);
  return (
    <div className="shell">
      <Rail organisation={device.organisation.name} />
      <Palette />
      <OpenLinkDialog />
      {page === 'services' ? <ServicesPage /> : <DevicePage device={device} />}
    </div>
  );
}
