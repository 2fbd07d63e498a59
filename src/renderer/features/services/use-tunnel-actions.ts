// Connect and Disconnect of one service. Failures of the tunnel arrive in the mirror; `refused` holds those that
// left it as it was, e.g. because the session had ended.
import type { WireError } from '../../../shared/errors.ts';
import { useCall } from '../../window-context.tsx';

export interface TunnelActions {
  open: () => void;
  close: () => void;
  pending: boolean;
  refused: WireError | null;
}

export function useTunnelActions(service: string): TunnelActions {
  const open = useCall('tunnel.open');
  const close = useCall('tunnel.close');
  const error = open.error ?? close.error;
  return {
    open: () => {
      close.forget();
      void open.run({ service });
    },
    close: () => {
      open.forget();
      void close.run({ service });
    },
    pending: open.pending || close.pending,
    // The person's own wish needs no explanation.
    refused: error?.code === 'tunnel/cancelled' ? null : error,
  };
}
