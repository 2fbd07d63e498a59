// Words that more than one feature uses.
import type { ErrorAction } from '../../shared/errors.ts';

export const words = {
  back: 'Back',
  cancel: 'Cancel',
  close: 'Close',
  copied: 'Copied',
  copy: 'Copy',
  copyFailed: 'Could not copy',
  dismiss: 'Dismiss',
  leave: 'Leave this organisation…',
  retry: 'Try again',
  signIn: 'Sign in',
  signOut: 'Sign out',
};

/** The one button beside an error. `none` has no button: its advice is all that helps. */
export const actionLabels: Record<Exclude<ErrorAction, 'none'>, string> = {
  retry: 'Try again',
  'sign-in': 'Sign in',
  'choose-port': 'Choose another port',
  'choose-address': 'Choose another address',
  'new-invite': 'Use another invite',
  'use-memory': 'Keep secrets in memory',
};

export const referenceText = (id: string): string => `Reference ${id}`;
