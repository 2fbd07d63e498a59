// The one button of a service: what it does follows from the state of its tunnel.
import { isSignedIn } from '../../../shared/model/session.ts';
import { canConnect } from '../../../shared/model/service.ts';
import { canClose, canOpen } from '../../../shared/model/tunnel.ts';
import { servicesText } from '../../text/services.ts';
import { Button } from '../../ui/Button.tsx';
import { useTruth } from '../../window-context.tsx';
import type { Shown } from './service-view.ts';
import type { TunnelActions } from './use-tunnel-actions.ts';

export function ConnectButton(props: Shown & { actions: TunnelActions; prominent?: boolean }) {
  const { service, tunnel, actions } = props;
  const signedIn = useTruth(({ slices }) => isSignedIn(slices.session));
  const named = (verb: string) => ({
    children: verb,
    'aria-label': `${verb} ${service.friendlyName}`,
  });
  if (tunnel.status === 'opening') {
    return <Button {...named(servicesText.cancel)} onClick={actions.close} />;
  }
  if (canClose(tunnel))
    return <Button {...named(servicesText.disconnect)} onClick={actions.close} />;
  if (tunnel.status === 'closing') return <Button {...named(servicesText.disconnect)} busy />;
  if (!canConnect(service) || !canOpen(tunnel)) return null;
  return (
    <Button
      {...named(tunnel.status === 'failed' ? servicesText.retry : servicesText.connect)}
      look={props.prominent ? 'primary' : 'tinted'}
      disabled={!signedIn}
      onClick={actions.pending ? undefined : actions.open}
    />
  );
}
