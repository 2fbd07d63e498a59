// What the organisation has set for this computer by a file that its administrator's tool puts there: settings that no
// person overrides, and the registration that the app makes by itself. A closed union, its transition, what it forbids.
import type { WireError } from '../errors.ts';
import { exhaustive } from '../exhaustive.ts';
import type { Deployment, Device, Ownership } from './device.ts';

/** As in the file; what it does not name is absent. The invite is not among them: it never leaves the client. */
export interface ManagedSettings {
  ownership?: Ownership;
  /** false: this device belongs to one organisation. */
  multiOrganisation?: boolean;
  /** Sign in at the start, without a click. */
  autoLogin?: boolean;
  /** true: the app starts when a person signs in to the computer. Tools write false for what they do not set. */
  startAtBoot?: boolean;
  /** true: without its window. */
  hideOnStart?: boolean;
  /** true: no person ends the app. */
  disableQuit?: boolean;
  /** true: the app never looks for a newer version. */
  disableAutoUpdate?: boolean;
  /** true: window and tray show no services; the device and its session are all there is to see. */
  hideServices?: boolean;
  /** The organisation is told when this device registers. */
  deployment?: Deployment;
}

export interface ManagedOrganisation {
  /** As of any organisation: from its root's fingerprint. */
  id: string;
  /** `host[:port]`; its name is not known before it was reached. */
  host: string;
}

interface To {
  organisation: ManagedOrganisation;
}

export type ManagedRegistration =
  /** The file sets settings only. */
  | { status: 'not-set' }
  | ({ status: 'due' } & To)
  | ({ status: 'registering' } & To)
  /** It is tried again by itself at `retryAt`, milliseconds since the epoch. */
  | ({ status: 'waiting'; because: WireError; retryAt: number } & To)
  /** It is not tried again before the next start, unless somebody asks. */
  | ({ status: 'refused'; because: WireError } & To)
  | ({ status: 'registered' } & To);

export type ManagedRegistrationEvent =
  /** The file was read. */
  | { type: 'found'; organisation: ManagedOrganisation | null; isRegistered: boolean }
  | { type: 'started' }
  /** `retryAt` null: for good. */
  | { type: 'failed'; error: WireError; retryAt: number | null }
  | { type: 'registered' };

export type Managed =
  | { status: 'absent' }
  /** It is there, and not to be trusted or not to be read: nothing of it counts. */
  | { status: 'ignored'; because: WireError }
  | { status: 'in-force'; settings: ManagedSettings; registration: ManagedRegistration };

export const notManaged: Managed = { status: 'absent' };

/** Pure transition; an event that means nothing now returns the same object. */
export function nextManagedRegistration(
  registration: ManagedRegistration,
  event: ManagedRegistrationEvent,
): ManagedRegistration {
  if (event.type === 'found') return found(registration, event);
  if (registration.status === 'not-set') return registration;
  const { organisation } = registration;
  switch (event.type) {
    case 'started':
      return isDue(registration) ? { status: 'registering', organisation } : registration;
    case 'failed':
      if (registration.status !== 'registering') return registration;
      return event.retryAt === null
        ? { status: 'refused', organisation, because: event.error }
        : { status: 'waiting', organisation, because: event.error, retryAt: event.retryAt };
    case 'registered':
      return registration.status === 'registered'
        ? registration
        : { status: 'registered', organisation };
    default:
      return exhaustive(event);
  }
}

function found(
  registration: ManagedRegistration,
  { organisation, isRegistered }: Extract<ManagedRegistrationEvent, { type: 'found' }>,
): ManagedRegistration {
  if (organisation === null) {
    return registration.status === 'not-set' ? registration : { status: 'not-set' };
  }
  const isSame =
    registration.status !== 'not-set' && registration.organisation.id === organisation.id;
  const isKnown = isSame && (registration.status === 'registered') === isRegistered;
  if (isKnown) return registration;
  return { status: isRegistered ? 'registered' : 'due', organisation };
}

export const isDue = (
  registration: ManagedRegistration,
): registration is Extract<ManagedRegistration, { status: 'due' | 'waiting' | 'refused' }> =>
  registration.status === 'due' ||
  registration.status === 'waiting' ||
  registration.status === 'refused';

/** The registration that the file asks for, while there is none. */
export function managedRegistrationAhead(
  managed: Managed,
): Extract<ManagedRegistration, { status: 'due' | 'registering' | 'waiting' | 'refused' }> | null {
  if (managed.status !== 'in-force') return null;
  const { registration } = managed;
  return isDue(registration) || registration.status === 'registering' ? registration : null;
}

export const mayQuit = (managed: Managed): boolean =>
  managed.status !== 'in-force' || managed.settings.disableQuit !== true;

export const showsServices = (managed: Managed): boolean =>
  managed.status !== 'in-force' || managed.settings.hideServices !== true;

/** Another organisation beside the one that there is. The client refuses it all the same. */
export const mayAddOrganisation = (managed: Managed): boolean =>
  managed.status !== 'in-force' || managed.settings.multiOrganisation !== false;

/**
 * Registered as the file says: nobody leaves from here while the file is in force, for it would be back in a moment as another
 * device. One whose certificate has ended may: only by leaving it comes back.
 */
export function isHeldByFile(managed: Managed, device: Device): boolean {
  if (device.status !== 'registered' && device.status !== 'revoked') return false;
  const hasEnded =
    device.status === 'registered' && device.renewalFailed?.code === 'device/certificate-expired';
  return (
    !hasEnded &&
    managed.status === 'in-force' &&
    managed.registration.status === 'registered' &&
    managed.registration.organisation.id === device.organisation.id
  );
}
