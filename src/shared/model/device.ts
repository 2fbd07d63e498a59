// This device as its organisation knows it: a closed union, its transition, and what may be done in each state.
import type { WireError } from '../errors.ts';
import { exhaustive } from '../exhaustive.ts';
import type { Posture } from './posture.ts';

export const OWNERSHIPS = [
  'Corporate Dedicated',
  'Corporate Shared',
  'Employee Owned',
  'Other',
] as const;
export type Ownership = (typeof OWNERSHIPS)[number];

/** What an administrator's tool says of a computer, in its managed deployment file. Shown to administrators, proves nothing. */
export interface Deployment {
  isManaged?: boolean;
  /** The tool: Jamf, Intune, … */
  vendor?: string;
  /** As the tool calls this computer. */
  vendorId?: string;
  /** For whom it was set up. */
  user?: string;
  email?: string;
}

/** Where this device's secrets live. `file`: under a passphrase. `memory` forgets them, and so the registration, at its end. */
export const SECRET_STORES = ['keychain', 'file', 'memory'] as const;
export type SecretStoreKind = (typeof SECRET_STORES)[number];

export interface OrganisationFacts {
  /** Folder name under `orgs/`: the first 16 hexadecimal digits of the root's SHA-256, so the trust anchor is the identity. */
  id: string;
  name: string;
  /** `host[:port]` of the organisation document. */
  host: string;
  /** SHA-256 of the root's DER, base64url, 43 characters. */
  rootFingerprint: string;
}

/** One that this device is registered with. At most one is active: its services are listed, its login files in place. */
export interface KnownOrganisation extends OrganisationFacts {
  isActive: boolean;
}

export interface DeviceFacts {
  /** Also the OpenID Connect `client_id`. */
  id: string;
  name: string;
  ownership: Ownership;
  /** End of the DeviceCert, milliseconds since the epoch. */
  certificateExpiresAt: number;
}

interface Registration {
  device: DeviceFacts;
  organisation: OrganisationFacts;
  secrets: SecretStoreKind;
}

interface Registered extends Registration {
  status: 'registered';
  /** Absent until this device was looked at. */
  posture?: Posture;
  /** From a failed renewal to the next success. */
  renewalFailed?: WireError;
  /** The organisation needs a newer app: what is connected stays so, and nobody signs in anew. */
  tooOld?: WireError;
}

export type Device =
  | { status: 'unregistered'; because?: WireError }
  | { status: 'registering'; organisation: string; startedAt: number }
  | Registered
  | ({ status: 'revoked'; because: WireError } & Registration);

export type DeviceEvent =
  | { type: 'registration-started'; organisation: string; at: number }
  | { type: 'registration-failed'; error: WireError }
  | ({ type: 'registered' } & Registration)
  | { type: 'posture-changed'; posture: Posture }
  | { type: 'renewal-failed'; error: WireError }
  | { type: 'version-judged'; because: WireError | null }
  | { type: 'revoked'; error: WireError }
  | { type: 'unregistered'; because?: WireError };

export const unregistered: Device = { status: 'unregistered' };

/** Pure transition; an event that means nothing now returns the same object. */
export function nextDevice(device: Device, event: DeviceEvent): Device {
  switch (event.type) {
    case 'registration-started':
      return canRegister(device)
        ? { status: 'registering', organisation: event.organisation, startedAt: event.at }
        : device;
    case 'registration-failed':
      return device.status === 'registering'
        ? { status: 'unregistered', because: event.error }
        : device;
    case 'registered': {
      // From `unregistered` too: a start with a stored registration takes this way.
      if (device.status === 'revoked') return device;
      const { type: _, ...registration } = event;
      // A renewed certificate says nothing about the posture; another device's is not this one's.
      const posture =
        device.status === 'registered' && device.device.id === event.device.id
          ? device.posture
          : undefined;
      return { ...registration, status: 'registered', ...(posture && { posture }) };
    }
    case 'posture-changed':
      return device.status === 'registered' ? { ...device, posture: event.posture } : device;
    case 'renewal-failed':
      return device.status === 'registered' ? { ...device, renewalFailed: event.error } : device;
    case 'version-judged':
      return device.status === 'registered' ? judged(device, event.because) : device;
    case 'revoked': {
      if (device.status !== 'registered') return device;
      const { device: facts, organisation, secrets } = device;
      return { status: 'revoked', device: facts, organisation, secrets, because: event.error };
    }
    case 'unregistered':
      return device.status === 'unregistered' && !event.because
        ? device
        : { status: 'unregistered', ...(event.because && { because: event.because }) };
    default:
      return exhaustive(event);
  }
}

function judged(device: Registered, because: WireError | null): Registered {
  if (device.tooOld?.message === because?.message) return device;
  const { tooOld: _, ...rest } = device;
  return because ? { ...rest, tooOld: because } : rest;
}

/** Registered, and for want of a passphrase or of a keychain that is open nobody can use it. */
export const isLocked = (device: Device): boolean =>
  device.status === 'unregistered' &&
  (device.because?.code === 'device/passphrase-needed' ||
    device.because?.code === 'device/secret-store-locked' ||
    device.because?.code === 'device/secret-store-denied');

export const canRegister = (device: Device): boolean => device.status === 'unregistered';
