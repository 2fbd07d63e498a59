// Why this device is not registered: nobody has done it, or the registration that its organisation has set up is still ahead.
import { AppError } from '../../../shared/errors.ts';
import { type Managed, managedRegistrationAhead } from '../../../shared/model/managed.ts';

export function notRegisteredYet(managed: Managed): AppError {
  const ahead = managedRegistrationAhead(managed);
  if (!ahead) return new AppError('device/not-registered', 'This device is not registered.');
  const { status, organisation } = ahead;
  const why = 'because' in ahead ? `: ${ahead.because.message}` : '.';
  return new AppError(
    'device/not-registered',
    `Your organisation has set up this computer, and it is not registered with ${organisation.host} yet${why}`,
    { details: { managed: status } },
  );
}
