// One click to another organisation: which one it goes to, and what went wrong on the way.
import { useState } from 'react';
import type { WireError } from '../../../shared/errors.ts';
import type { KnownOrganisation } from '../../../shared/model/device.ts';
import { useCall } from '../../window-context.tsx';

export interface Switch {
  to: KnownOrganisation | null;
  pending: boolean;
  error: WireError | null;
  start: (organisation: KnownOrganisation) => void;
  forget: () => void;
}

export function useSwitch(): Switch {
  const call = useCall('organisation.switch');
  const [to, setTo] = useState<KnownOrganisation | null>(null);
  return {
    to,
    pending: call.pending,
    error: call.error,
    start(organisation) {
      setTo(organisation);
      void call.run({ organisation: organisation.id });
    },
    forget: () => call.forget(),
  };
}
