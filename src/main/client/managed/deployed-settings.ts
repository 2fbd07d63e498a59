// What the managed deployment file sets for the app itself.
import { AppError } from '../../../shared/errors.ts';
import type { Managed } from '../../../shared/model/managed.ts';
import type { Deployed } from '../settings/settings.ts';

/** Tools write false for what they do not set: only true sets something. */
export function deployedSettings(managed: Managed): Deployed {
  if (managed.status !== 'in-force') return {};
  const { startAtBoot, hideOnStart, disableAutoUpdate } = managed.settings;
  return {
    ...(startAtBoot && { startAtLogin: true }),
    ...(hideOnStart && { startHidden: true }),
    ...(disableAutoUpdate && { updates: false }),
  };
}

export const quitNotAllowed = (): AppError =>
  new AppError(
    'managed/not-allowed',
    'Your administrator has set up this computer so that Banyan keeps running.',
  );
