// Words of the three steps from a fresh machine to a registered device.
import type { Ownership, SecretStoreKind } from '../../shared/model/device.ts';

export const stepNames = ['Organisation', 'This device', 'Sign in'] as const;

export const organisationText = {
  title: 'Join your organisation',
  opened: 'Banyan was opened with this invite. Go on only if you expected it.',
  openedLead: 'The invite is filled in. Nothing changes on this computer yet.',
  openedAddLead: (active: string) =>
    `The invite is filled in. ${active} is kept as it is, and one click brings you back to it.`,
  look: 'Continue',
  looking: 'Asking the organisation…',
  confirmTitle: (name: string) => `Is this ${name}?`,
  confirmLead: (way: 'invite' | 'address', isVouchedFor: boolean): string => {
    if (!isVouchedFor) return organisationText.unknownLead;
    return way === 'invite' ? organisationText.invitedLead : organisationText.vouchedLead;
  },
  invitedLead:
    'Compare the fingerprint with the one your administrator gave you. It is the proof that nobody is in between.',
  vouchedLead:
    'A public authority vouches for this address. From now on Banyan trusts this fingerprint alone.',
  unknownLead:
    'No public authority vouches for it. Ask your administrator for the fingerprint, compare it, and type the part that is missing here.',
  firstGroups: 'First three groups',
  /** Why the button waits: so many characters are missing, or too many. */
  firstGroupsHelp: (missing: number): string => {
    if (missing === 12) return 'As your administrator says them; capital and small letters differ.';
    if (missing === 0) return 'Complete. Banyan compares it when you go on.';
    const left = Math.abs(missing) === 1 ? '1 character' : `${Math.abs(missing)} characters`;
    return missing > 0 ? `${left} to go; capital and small letters differ.` : `${left} too many.`;
  },
  address: 'Address',
  fingerprint: 'Fingerprint',
  yes: (name: string) => `Yes, this is ${name}`,
  no: 'No, go back',
};

/** By invite or by address: the first step, and what is different later. */
export const joinText = {
  invite: {
    lead: 'Paste the invite from your administrator. Nothing changes on this computer yet.',
    addLead: (active: string) =>
      `Paste its invite. ${active} is kept as it is, and one click brings you back to it.`,
    label: 'Invite',
    placeholder: 'banyan://register?org=…',
    otherWay: 'No invite? Sign in with the address of your organisation',
    register: 'Register',
  },
  address: {
    lead: 'Where it lets people register by signing in, its address is enough. Nothing changes on this computer yet.',
    addLead: (active: string) =>
      `Type its address. ${active} is kept as it is, and one click brings you back to it.`,
    label: 'Address of your organisation',
    placeholder: 'banyan.example.com',
    otherWay: 'I have an invite',
    register: 'Sign in and register',
  },
} as const;

export const deviceText = {
  title: 'Register this computer',
  lead: (organisation: string) =>
    `${organisation} will know it as one of its devices. Its key is made here and never leaves this computer.`,
  name: 'Name',
  nameHelp: 'How you and your administrator tell your devices apart.',
  nameMissing: 'Give this computer a name.',
  nameTooLong: 'A name has at most 64 characters.',
  ownership: 'Who owns it?',
  ownerships: (organisation: string): Record<Ownership, string> => ({
    'Corporate Dedicated': `${organisation}, for me only`,
    'Corporate Shared': `${organisation}, shared`,
    'Employee Owned': 'Me',
    Other: 'Somebody else',
  }),
  secrets: 'Where are its secrets kept?',
  secretChoices: {
    keychain: {
      label: 'In the keychain of this computer',
      help: 'Stays registered after a restart. The usual choice.',
    },
    file: {
      label: 'In a file, under a passphrase',
      help: 'Where there is no keychain. You type the passphrase each time Banyan starts.',
    },
    memory: {
      label: 'In memory only',
      help: 'Forgotten when Banyan quits; you register again next time.',
    },
  } satisfies Record<SecretStoreKind, { label: string; help: string }>,
  noKeychain:
    'Choose a passphrase instead. Where one is only locked: unlock it, and choose the keychain again.',
  passphrase: 'New passphrase',
  passphraseHelp: 'At least 8 characters, better a few words. Nobody can recover it.',
  passphraseShort: 'A passphrase has at least 8 characters.',
  passphraseAgain: 'New passphrase, once more',
  passphraseOther: 'The two are not the same.',
  registering: (organisation: string) => `Registering with ${organisation}…`,
  registeringHelp: 'Making a key and asking for a certificate. This takes a few seconds.',
};

export const findAgainText = {
  title: 'Where to find Banyan again',
  where: {
    'menu-bar':
      'It stays in the menu bar at the top right when you close this window. Its menu connects a service in two clicks.',
    taskbar:
      'It stays beside the clock at the bottom right when you close this window; look under the arrow if you do not see it. Its menu connects a service in two clicks.',
    panel:
      'It stays in the tray of your panel when you close this window. Its menu connects a service in two clicks.',
    none: 'This desktop shows no tray, so Banyan lives in this window: keep it open or minimise it. Closing it quits Banyan.',
  },
  done: 'Got it',
};

export const unlockText = {
  title: 'Unlock this device',
  lead: 'Its secrets are in a file on this computer. Your passphrase opens it.',
  passphrase: 'Passphrase',
  unlock: 'Unlock',
  anew: 'Register anew instead',
};

export const signInText = {
  title: (organisation: string) => `Sign in to ${organisation}`,
  lead: 'Your browser opens the sign-in page of your organisation. Banyan never sees your password.',
  thirdStepTitle: 'This computer is registered',
  thirdStepLead: (organisation: string) =>
    `One thing is left: sign in to ${organisation}. Your browser opens its sign-in page; Banyan never sees your password.`,
  button: 'Sign in with your browser',
  waitingTitle: 'Finish in your browser',
  waiting: 'Approve the sign-in on the page that opened. This window goes on by itself.',
  /** In a browser tab nothing needs to have opened: the link is the way there. */
  inTab: {
    lead: 'You do that on the sign-in page of your organisation. Banyan never sees your password.',
    thirdStepLead: (organisation: string) =>
      `One thing is left: sign in to ${organisation}, on its own sign-in page. Banyan never sees your password.`,
    waitingTitle: 'Finish on the sign-in page',
    waiting: 'Approve the sign-in there. This tab goes on by itself.',
    openPage: 'Open the sign-in page',
  },
  notOpened: 'No page opened?',
  otherDevice: 'Use another device',
  code: {
    waitingTitle: 'Finish on another device',
    waiting: 'Use your phone, or any device with a browser. This window goes on by itself.',
    openPage: 'Open this page there',
    typeCode: 'and type this code',
    copyCode: (code: string) => `Copy the code ${code}`,
    until: (time: string) => `Good until ${time}. Give it to nobody.`,
  },
  copyLink: 'Copy link',
  preparing: 'Preparing the sign-in page…',
};
