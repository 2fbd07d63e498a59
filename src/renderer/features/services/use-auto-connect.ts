// Whether a service connects by itself after a sign-in, and what stands in the way of that.
import { useCallback } from 'react';
import { connectsByItself, type Service } from '../../../shared/model/service.ts';
import { autoConnectChoicesOf, isLocked } from '../../../shared/model/settings.ts';
import { useTruth } from '../../window-context.tsx';

export interface AutoConnect {
  isOn: boolean;
  /** `everything` is off in the settings; `locked`: by the organisation, so that nobody can switch it on. */
  stopped: 'everything' | 'locked' | null;
}

/** The choices alone, for lists; whether they count now is another question. */
export function useAutoConnects(): (service: Service) => boolean {
  const own = useTruth(({ slices: { device, settings } }) =>
    autoConnectChoicesOf(device, settings.values.ownAutoConnect),
  );
  return useCallback((service) => connectsByItself(service, own), [own]);
}

export function useAutoConnect(service: Service): AutoConnect {
  const isOn = useTruth(({ slices: { device, settings } }) =>
    connectsByItself(service, autoConnectChoicesOf(device, settings.values.ownAutoConnect)),
  );
  const stopped = useTruth(({ slices: { settings } }) => {
    if (settings.values.autoConnect) return null;
    return isLocked(settings, 'autoConnect') ? 'locked' : 'everything';
  });
  return { isOn, stopped };
}
