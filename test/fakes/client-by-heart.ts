// A client that shows whole states and answers by heart, so that the hosts of the window can be put into any of them. It makes
// the promises of a client that its hosts rely on: test/contract/client.test.ts.
import { AppError } from '../../src/shared/errors.ts';
import type { Handlers, Snapshot } from '../../src/shared/ipc/contract.ts';
import { allCallNames } from '../../src/shared/ipc/names.ts';
import type { Client } from '../../src/main/client/index.ts';
import { createShown } from '../../src/main/client/shown.ts';
import { aFreshSnapshot } from '../fixtures/snapshots.ts';
import type { WindowState } from '../fixtures/window-states.ts';
import { recordingLog } from './recording-log.ts';

export interface ClientByHeart extends Client {
  show(state: Pick<WindowState, 'snapshot' | 'replies'>): void;
}

export function clientByHeart(): ClientByHeart {
  const shown = createShown(recordingLog());
  let app: Snapshot['app'] = aFreshSnapshot().app;
  let replies: WindowState['replies'] = {};
  const snapshot = (): Snapshot => ({
    app,
    slices: { ...shown.slices },
    revisions: { ...shown.revisions },
  });
  const answer = (name: keyof Handlers) => (): Promise<unknown> => {
    if (name === 'app.snapshot') return Promise.resolve(snapshot());
    const reply = replies?.[name];
    // As while a client works.
    if (!reply) return new Promise(() => {});
    if (reply.ok) return Promise.resolve(reply.value);
    const { code, message, details } = reply.error;
    return Promise.reject(new AppError(code, message, { ...(details && { details }) }));
  };
  return {
    handlers: Object.fromEntries(
      allCallNames.map((name) => [name, answer(name)]),
    ) as unknown as Handlers,
    snapshot,
    subscribe: (listener) => shown.subscribe(listener),
    openLink: (invite) => shown.links({ invite }),
    stop: () => Promise.resolve(),
    wokeUp: () => {},
    show(state) {
      const { slices } = state.snapshot;
      ({ app } = state.snapshot);
      ({ replies } = state);
      shown.organisations(slices.organisations);
      shown.registration(slices.registration);
      shown.managed(slices.managed);
      shown.settings(slices.settings);
      shown.links(slices.links);
      shown.updates(slices.updates);
      shown.place().show({ slices });
    },
  };
}
