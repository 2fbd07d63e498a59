// How long this person stays signed in, and the way out.
import { Menu } from '@base-ui/react/menu';
import { ChevronsUpDown, LogOut } from 'lucide-react';
import { useEffect } from 'react';
import { isSignedIn } from '../../../shared/model/session.ts';
import { canClose } from '../../../shared/model/tunnel.ts';
import { words } from '../../text/common.ts';
import { shellText } from '../../text/shell.ts';
import { moment, timeLeft } from '../../text/time.ts';
import { Ring } from '../../ui/Ring.tsx';
import { useNow } from '../../ui/use-now.ts';
import { useCall, useSetView, useTruth, useView } from '../../window-context.tsx';
import { SignOutDialog } from './SignOutDialog.tsx';

const FULL_RING_MS = 24 * 3_600_000;
const SOON_MS = 15 * 60_000;

export function SessionCard() {
  const session = useTruth(({ slices }) => slices.session);
  const signOut = useCall('session.signOut');
  const connected = useTruth(
    ({ slices }) => Object.values(slices.tunnels.states).filter(canClose).length,
  );
  const asking = useView((view) => view.signingOut);
  const setView = useSetView();
  const now = useNow();
  const signedIn = isSignedIn(session);
  // However the session ended, nobody is asked about ending the next one.
  useEffect(() => {
    if (!signedIn) return undefined;
    return () => setView({ signingOut: false });
  }, [signedIn, setView]);
  // Without a session the banner of the page speaks.
  if (!isSignedIn(session)) return null;
  const leftMs = session.expiresAt - now;
  const left = timeLeft(leftMs);
  const state = session.status === 'renewing' ? shellText.renewing : shellText.signedIn;
  return (
    <>
      <Menu.Root>
        <Menu.Trigger className="session" aria-label={shellText.session(state, left)}>
          <Ring part={leftMs / FULL_RING_MS} soon={leftMs < SOON_MS} />
          <span className="rail-wide session-words">
            {/* The space between: what is heard is to be what is seen. */}
            <b>{state}</b> <span className="sub one-line">{left}</span>
          </span>
          <ChevronsUpDown size={14} className="rail-wide session-more" aria-hidden />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner side="top" align="start" sideOffset={6} className="menu-place">
            <Menu.Popup className="menu">
              <div className="menu-head sub">
                {shellText.sessionEnds(moment(session.expiresAt, now))}
              </div>
              <Menu.Item
                className="menu-item"
                disabled={signOut.pending}
                onClick={() =>
                  connected > 0 ? setView({ signingOut: true }) : void signOut.run({})
                }
              >
                <LogOut size={15} aria-hidden />
                {words.signOut}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
      <SignOutDialog
        connected={connected}
        signOut={signOut}
        open={asking}
        onOpenChange={(signingOut) => setView({ signingOut })}
      />
    </>
  );
}
