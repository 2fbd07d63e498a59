// The one place that decides tray glyph and headline.
import { type Device, isLocked } from './device.ts';
import { type Managed, managedRegistrationAhead } from './managed.ts';
import { canExtend, isSignedIn, type Session } from './session.ts';
import type { Tunnel } from './tunnel.ts';

/** Each glyph has its own shape as well as colour. */
export const GLYPHS = ['signed-out', 'idle', 'busy', 'connected', 'attention', 'error'] as const;
export type Glyph = (typeof GLYPHS)[number];

export interface Summary {
  glyph: Glyph;
  headline: string;
}

/** What is looked at, of all slices. */
export interface Summed {
  device: Device;
  session: Session;
  tunnels: { states: Readonly<Record<string, Tunnel>> };
  managed: Managed;
}

export function summary({ device, session, tunnels, managed }: Summed): Summary {
  if (device.status === 'revoked') {
    return { glyph: 'error', headline: 'This device is no longer accepted' };
  }
  if (device.status === 'registering') return { glyph: 'busy', headline: 'Registering…' };
  if (isLocked(device)) return { glyph: 'attention', headline: 'Locked' };
  if (device.status === 'unregistered') return notRegistered(managed);
  if (device.tooOld) return { glyph: 'attention', headline: 'This app is too old' };
  if (session.status === 'signing-in') return { glyph: 'busy', headline: 'Signing in…' };
  if (session.status === 'expired') return { glyph: 'attention', headline: 'Session ended' };
  if (!isSignedIn(session)) return { glyph: 'signed-out', headline: 'Signed out' };

  if (canExtend(session)) return { glyph: 'attention', headline: 'Session ends soon' };

  const all = Object.values(tunnels.states);
  const count = (status: Tunnel['status']): number =>
    all.filter((tunnel) => tunnel.status === status).length;
  if (count('failed') > 0) return { glyph: 'error', headline: 'A service has failed' };
  // Ports still listen, but nothing gets through: that is not "connected".
  if (all.some((tunnel) => tunnel.status === 'open' && tunnel.trouble)) {
    return { glyph: 'attention', headline: 'Reconnecting…' };
  }
  const open = count('open');
  const opening = count('opening');
  if (opening > 0) {
    const headline = open > 0 ? `${open} connected, ${opening} connecting…` : 'Connecting…';
    return { glyph: 'busy', headline };
  }
  return open > 0
    ? {
        glyph: 'connected',
        headline: open === 1 ? '1 service connected' : `${open} services connected`,
      }
    : { glyph: 'idle', headline: 'Nothing connected' };
}

/** Who has a file that registers this computer has nothing to do, unless it was refused. */
function notRegistered(managed: Managed): Summary {
  switch (managedRegistrationAhead(managed)?.status) {
    case 'due':
    case 'registering':
      return { glyph: 'busy', headline: 'Setting up this computer…' };
    case 'waiting':
      return { glyph: 'attention', headline: 'Waiting to set up this computer' };
    case 'refused':
      return { glyph: 'error', headline: 'This computer could not be set up' };
    default:
      return { glyph: 'signed-out', headline: 'Not registered' };
  }
}
