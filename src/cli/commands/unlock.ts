// banyan unlock
import { AppError } from '../../shared/errors.ts';
import { type Command, snapshotOf } from '../context.ts';
import { askPassphrase } from '../passphrase.ts';
import { reachRunningClient } from '../reach-client.ts';
import { SECRETS_IN } from './register.ts';

export const unlock: Command = async ({ home, print }) => {
  // One of our own would lock again when this command ends.
  const client = await reachRunningClient(home);
  try {
    const before = (await snapshotOf(client)).slices.device;
    if (before.status === 'registered') {
      // Before the question: there may be no passphrase at all.
      return print.result({ device: before }, [
        `Nothing is locked: the secrets of this device are in ${SECRETS_IN[before.secrets]}.`,
      ]);
    }
    if (before.status === 'unregistered' && !before.because) {
      throw new AppError(
        'device/not-registered',
        'This device is not registered: nothing is locked.',
      );
    }
    const device = await client.call('device.unlock', { passphrase: await askPassphrase() });
    if (device.status === 'unregistered' && device.because) {
      throw new AppError(device.because.code, device.because.message);
    }
    print.result({ device }, ['The secrets of this device are open.']);
  } finally {
    await client.close();
  }
};
