// The frame of a registered device: rail on the left, one page beside it.
import { useEffect } from 'react';
import type { Device } from '../../../shared/model/device.ts';
import { useLanding } from '../../ui/use-landing.ts';
import { useSetView, useView } from '../../window-context.tsx';
import { exhaustive } from '../../../shared/exhaustive.ts';
import type { Page } from '../../stores/view.ts';
import { ActivityPage } from '../activity/ActivityPage.tsx';
import { DiagnosticsPage } from '../diagnostics/DiagnosticsPage.tsx';
import { DevicePage } from '../device/DevicePage.tsx';
import { LinkDialog } from '../services/LinkDialog.tsx';
import { ServicesPage } from '../services/ServicesPage.tsx';
import { SettingsPage } from '../settings/SettingsPage.tsx';
import { Palette } from '../palette/Palette.tsx';
import { Rail } from './Rail.tsx';
import { usePage } from './use-page.ts';
import './shell.css';

type Registered = Extract<Device, { status: 'registered' }>;

export function Shell({ device }: { device: Registered }) {
  const setView = useSetView();
  const firstLaunch = useView((view) => view.firstLaunch);
  // From now on the sign-in page is no longer the third of three steps.
  useEffect(() => {
    if (firstLaunch) setView({ firstLaunch: false, findAgain: true });
  }, [firstLaunch, setView]);
  useLanding();
  const page = usePage();
  return (
    <div className="shell">
      <Rail organisation={device.organisation.name} />
      <Palette />
      <LinkDialog />
      <PageOf page={page} device={device} />
    </div>
  );
}

function PageOf({ page, device }: { page: Page; device: Registered }) {
  switch (page) {
    case 'services':
      return <ServicesPage />;
    case 'activity':
      return <ActivityPage />;
    case 'diagnostics':
      return <DiagnosticsPage />;
    case 'device':
      return <DevicePage device={device} />;
    case 'settings':
      return <SettingsPage device={device} />;
    default:
      return exhaustive(page);
  }
}
