// Does what was chosen. What fails is shown where the service is listed, as after a press of its own button.
import { exhaustive } from '../../../shared/exhaustive.ts';
import { canClose } from '../../../shared/model/tunnel.ts';
import { type CallState, useCall, useSetView, useTruth } from '../../window-context.tsx';
import { useStartSignIn } from '../sign-in/use-sign-in.ts';
import { useOpenPage } from '../services/use-open-page.ts';
import type { Action, Entry } from './entries.ts';

/** Of calls that leave no trace in the list: the palette stays to say why one has failed. */
type Staying = Pick<CallState<'service.open'>, 'pending' | 'error'>;

export function useEntry(): { run: (entry: Entry) => void; staying: Staying } {
  const setView = useSetView();
  const open = useCall('tunnel.open');
  const openPage = useOpenPage();
  const choose = useCall('service.autoConnect');
  const close = useCall('tunnel.close');
  const refresh = useCall('catalog.refresh');
  const signIn = useStartSignIn();
  const signOut = useCall('session.signOut');
  const checkUpdates = useCall('updates.check');
  const installUpdate = useCall('updates.install');
  const takesAway = useTruth(({ slices }) => Object.values(slices.tunnels.states).some(canClose));

  function act(action: Action): void {
    switch (action) {
      case 'services':
      case 'activity':
      case 'diagnostics':
      case 'device':
      case 'settings':
        return setView({ page: action });
      case 'refresh':
        return void refresh.run({});
      case 'sign-in':
        return signIn.start();
      case 'sign-out':
        return takesAway ? setView({ signingOut: true }) : void signOut.run({});
      case 'check-updates':
        setView({ page: 'settings' });
        return void checkUpdates.run({});
      case 'restart-to-update':
        return void installUpdate.run({});
      default:
        exhaustive(action);
    }
  }

  function run(entry: Entry): void {
    const staysOpen =
      entry.kind === 'auto-connect' || (entry.kind === 'service' && entry.does === 'open');
    setView({ palette: staysOpen });
    if (entry.kind === 'action') return act(entry.action);
    const service = entry.service.id;
    if (entry.kind === 'auto-connect') return void choose.run({ service, isOn: !entry.isOn });
    setView({ page: 'services', selected: service, editPort: null });
    if (entry.does === 'connect') void open.run({ service });
    if (entry.does === 'open') void openPage.run({ service });
    if (entry.does === 'disconnect') void close.run({ service });
  }

  return {
    run,
    staying: {
      pending: openPage.pending || choose.pending,
      error: openPage.error ?? choose.error,
    },
  };
}
