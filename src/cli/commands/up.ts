// banyan up
import { explain } from '../../shared/errors.ts';
import type { Slices } from '../../shared/ipc/contract.ts';
import { usage } from '../banyan-arguments.ts';
import {
  installUnit,
  removeUnit,
  unitFile,
  unitText,
} from '../../main/client/adapters/systemd-unit.ts';
import { type Command, snapshotOf, untilInterrupted } from '../context.ts';
import type { Print } from '../print.ts';
import { type ReachedClient, startOwnClient } from '../reach-client.ts';
import { onPrompt } from './login.ts';
import { managedRows } from './status.ts';

export const up: Command = async ({ home, arguments: { values }, print }) => {
  if (values['install-service'] || values['remove-service']) {
    return setUnit(Boolean(values['install-service']), print);
  }
  const interrupted = untilInterrupted({ withParent: Boolean(values['exit-with-parent']) });
  const client = await startOwnClient(home);
  try {
    const { slices } = await snapshotOf(client);
    const { device, session, managed } = slices;
    print.result({ event: 'ready', home, device, session, managed }, [
      `Banyan is ready (${home}). Press Ctrl-C to stop.`,
    ]);
    if (device.status === 'unregistered' && device.because) print.note(explain(device.because));
    tellWhatItDoes(client, managed, print);
    await Promise.race([interrupted, client.ended]);
  } finally {
    await client.close();
  }
};

async function setUnit(isOn: boolean, print: Print): Promise<void> {
  if (process.platform !== 'linux') throw usage('Only Linux has systemd.');
  const file = unitFile(process.env);
  if (!isOn) {
    await removeUnit(file);
    return print.result({ file }, [`${file} is gone.`, ...AFTERWARDS.off]);
  }
  const [node, script = ''] = process.argv;
  await installUnit(file, unitText([node ?? '', script], process.env));
  return print.result({ file }, [`Written: ${file}`, ...AFTERWARDS.on]);
}

const AFTERWARDS = {
  on: ['Start it, now and at each login:', '  systemctl --user enable --now banyan'],
  off: ['Stop it:', '  systemctl --user stop banyan; systemctl --user daemon-reload'],
};

/** What it does by itself, and what it waits for: there is no window that would show it. */
function tellWhatItDoes(client: ReachedClient, managed: Slices['managed'], print: Print): void {
  let told = '';
  const tellManaged = (now: Slices['managed']): void => {
    for (const [name, text] of managedRows(now)) {
      if (text !== told) print.note(`${name}: ${text}`);
      told = text ?? '';
    }
  };
  client.subscribe((name, { value }) => {
    if (name === 'managed.changed') tellManaged(value as Slices['managed']);
  });
  tellManaged(managed);
  onPrompt(client, (prompt) => {
    if (prompt.by !== 'browser') return; // whoever asked for a code shows it; a page may have been opened by itself
    print.note('Waiting for a sign-in, on this page:');
    print.note(`  ${prompt.url}`);
  });
}
