// Words of the frame around the pages, the session and this device.
import type { SecretStoreKind } from '../../shared/model/device.ts';

/** There is no room for four digits beside the name of the page. */
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const shellText = {
  navigation: 'Pages',
  services: 'Services',
  activity: 'Activity',
  diagnostics: 'Diagnostics',
  device: 'This device',
  settings: 'Settings',
  connectedOf: (connected: number) => `${connected} connected`,
  of: (services: number) => ` of ${SHORT.format(services)}`,
  signedIn: 'Signed in',
  renewing: 'Renewing…',
  session: (state: string, left: string) => `${state}, ${left}. Session menu`,
  signOutTitle: (connected: number) =>
    connected === 1
      ? 'Sign out and disconnect 1 service?'
      : `Sign out and disconnect ${connected} services?`,
  signOutHelp: 'Programs that use a connection lose it.',
  sessionEnds: (time: string) => `Until ${time}`,
};

export const expiredText = {
  waiting: 'Waiting for you to finish in the browser…',
};

export const endingText = {
  title: (left: string) => `Your session ends soon: ${left}`,
  noRenewal: 'Your organisation does not let Banyan renew it by itself.',
  help: 'Extend it by signing in again; what is connected stays connected.',
  extend: 'Extend',
};

export const deviceText = {
  title: 'This device',
  groups: {
    device: 'Device',
    session: 'Session',
    organisation: 'Organisation',
    files: 'Certificates and secrets',
  },
  person: 'Signed in',
  sessionLeft: 'Time left',
  sessionEnds: (when: string) => `Ends ${when}.`,
  sessionRenews: (when: string) => `Banyan renews it by itself before ${when}.`,
  ownership: 'Owner',
  id: 'Device id',
  organisation: 'Name',
  host: 'Address',
  fingerprint: 'Fingerprint',
  folder: 'Certificates folder',
  folderHelp: 'While you are signed in, other programs can use the login-*.pem files here.',
  secrets: 'Secrets',
  secretKinds: {
    keychain: 'In the keychain of this computer',
    file: 'In a file on this computer, under your passphrase',
    memory: 'In memory only: forgotten when Banyan quits',
  } satisfies Record<SecretStoreKind, string>,
  version: 'Banyan version',
  unregisterHelp: (organisation: string) =>
    `Leaves ${organisation} and removes its keys and certificates from this computer.`,
  confirmTitle: (organisation: string) => `Leave ${organisation}?`,
  confirm:
    'Everything connected is closed, and the keys and certificates on this computer are removed. To come back, register this computer again.',
  confirmYes: 'Leave this organisation',
  revokedTitle: 'This device is no longer accepted',
};
