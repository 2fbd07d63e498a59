// The chosen theme for this page. In the app the system's own parts follow too; a browser tab has only this.
import { useLayoutEffect } from 'react';
import { useTruth } from '../../window-context.tsx';

export function useTheme(): void {
  const theme = useTruth(({ slices }) => slices.settings.values.theme);
  useLayoutEffect(() => {
    document.documentElement.dataset['theme'] = theme;
  }, [theme]);
}
