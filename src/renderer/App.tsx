// Which page a person sees: decided by the link, then the device, then the session, and by nothing else.
import { LoaderCircle } from 'lucide-react';
import type { ReactNode } from 'react';
import { exhaustive } from '../shared/exhaustive.ts';
import { managedRegistrationAhead } from '../shared/model/managed.ts';
import type { Connection } from './bridge.ts';
import { RevokedPage } from './features/device/RevokedPage.tsx';
import { ManagedPage } from './features/managed/ManagedPage.tsx';
import { FirstLaunch } from './features/first-launch/FirstLaunch.tsx';
import { useFreshPages } from './features/organisations/use-fresh-pages.ts';
import { Announcer } from './features/shell/Announcer.tsx';
import { Frame } from './features/shell/Frame.tsx';
import { GonePage } from './features/shell/GonePage.tsx';
import { Shell } from './features/shell/Shell.tsx';
import { StoppedPage } from './features/shell/StoppedPage.tsx';
import { EarlySettings } from './features/settings/EarlySettings.tsx';
import { useTheme } from './features/settings/use-theme.ts';
import { useStopped } from './features/shell/use-stopped.ts';
import { TooOldPage } from './features/device/TooOldPage.tsx';
import { SignInPage } from './features/sign-in/SignInPage.tsx';
import { isOver } from './link.ts';
import type { WindowStorage } from './stores/kept-filters.ts';
import type { Rooms } from './stores/rooms.ts';
import { linkText } from './text/transport.ts';
import { ErrorNote } from './ui/ErrorNote.tsx';
import { Panel } from './ui/Panel.tsx';
import {
  useFailure,
  useLinkState,
  useMirror,
  useTruth,
  useView,
  WindowProvider,
} from './window-context.tsx';

export function App(props: Connection & { storage?: WindowStorage; rooms?: Rooms }) {
  return (
    <WindowProvider {...props}>
      <Gate />
    </WindowProvider>
  );
}

function Gate() {
  const link = useLinkState();
  const mirror = useMirror();
  const { ready, failure } = useFailure();
  const stopped = useStopped();
  if (isOver(link)) return <GonePage how={link} />;
  if (stopped) return <StoppedPage />;
  if (!ready && failure) {
    return (
      <Panel>
        <ErrorNote error={failure} actions={{ retry: () => void mirror.refetch() }} />
      </Panel>
    );
  }
  if (!ready) {
    return (
      <Panel>
        <p className="panel-wait" aria-live="polite">
          <LoaderCircle size={16} className="spin" aria-hidden />
          {link === 'interrupted' ? linkText.interrupted : linkText.opening}
        </p>
      </Panel>
    );
  }
  return (
    <>
      <Announcer />
      <Frame>
        <Main />
      </Frame>
    </>
  );
}

/** Before there is a rail, the way to the settings stands beside the page. */
const early = (page: ReactNode) => (
  <>
    {page}
    <EarlySettings />
  </>
);

function Main() {
  const device = useTruth(({ slices }) => slices.device);
  const session = useTruth(({ slices }) => slices.session);
  const invite = useTruth(({ slices }) => slices.links.invite);
  useTheme();
  const adding = useView((view) => view.adding) || invite !== null;
  // What this device is registered with already comes first: it may only be locked. One that is to be registered anew is lost.
  const ahead = useTruth(({ slices: { managed, organisations } }) => {
    const registration = managedRegistrationAhead(managed);
    const isFirst = organisations.every(({ id }) => id === registration?.organisation.id);
    return isFirst ? registration : null;
  });
  useFreshPages();
  switch (device.status) {
    case 'unregistered':
    case 'registering':
      return early(
        ahead && !adding ? (
          <ManagedPage registration={ahead} />
        ) : (
          <FirstLaunch isBesideSetup={ahead !== null} />
        ),
      );
    case 'revoked':
      return adding ? (
        <FirstLaunch beside={device.organisation.name} />
      ) : (
        <RevokedPage device={device} />
      );
    case 'registered': {
      if (adding) return <FirstLaunch beside={device.organisation.name} />;
      const signedOut =
        session.status === 'signed-out' ||
        (session.status === 'signing-in' && session.before.status === 'signed-out');
      // After a session has ended the services stay in view: the banner above them asks to sign in again.
      if (!signedOut) return <Shell device={device} />;
      return early(
        // A sign-in that had begun before that was known goes on.
        device.tooOld && session.status === 'signed-out' ? (
          <TooOldPage device={device} because={device.tooOld} />
        ) : (
          <SignInPage device={device} />
        ),
      );
    }
    default:
      return exhaustive(device);
  }
}
