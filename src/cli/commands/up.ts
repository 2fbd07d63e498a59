// banyan up
import { explain } from '../../shared/errors.ts';
import { type Command, snapshotOf, untilInterrupted } from '../context.ts';
import { startOwnClient } from '../reach-client.ts';

export const up: Command = async ({ home, arguments: { values }, print }) => {
  const interrupted = untilInterrupted({ withParent: Boolean(values['exit-with-parent']) });
  const client = await startOwnClient(home);
  try {
    const { slices } = await snapshotOf(client);
    const { device, session } = slices;
    print.result({ event: 'ready', home, device, session }, [
      `Banyan is ready (${home}). Press Ctrl-C to stop.`,
    ]);
    if (device.status === 'unregistered' && device.because) print.note(explain(device.because));
    await Promise.race([interrupted, client.ended]);
  } finally {
    await client.close();
  }
};
