// banyan unlock
import { AppError } from '../../shared/errors.ts';
import type { Command } from '../context.ts';
import { askPassphrase } from '../passphrase.ts';
import { reachRunningClient } from '../reach-client.ts';

export const unlock: Command = async ({ home, print }) => {
  // One of our own would lock again when this command ends.
  const client = await reachRunningClient(home);
  try {
    const device = await client.call('device.unlock', { passphrase: await askPassphrase() });
    if (device.status === 'unregistered' && device.because) {
      throw new AppError(device.because.code, device.because.message);
    }
    print.result({ device }, ['The secrets of this device are open.']);
  } finally {
    await client.close();
  }
};
