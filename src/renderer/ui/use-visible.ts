// Whether anybody can see this window: what only counts while it is looked at rests meanwhile.
import { useSyncExternalStore } from 'react';

const watch = (changed: () => void): (() => void) => {
  document.addEventListener('visibilitychange', changed);
  return () => document.removeEventListener('visibilitychange', changed);
};

export const useVisible = (): boolean =>
  useSyncExternalStore(watch, () => document.visibilityState !== 'hidden');
