// Light or dark, for every window at once and for what the system draws around them.
import { nativeTheme } from 'electron';
import type { Client } from '../client/index.ts';

/** Before a window is shown: one that turned dark while it is looked at would flash. */
export function followTheme(client: Pick<Client, 'snapshot' | 'subscribe'>): void {
  const apply = (): void => {
    const { theme } = client.snapshot().slices.settings.values;
    if (nativeTheme.themeSource !== theme) nativeTheme.themeSource = theme;
  };
  apply();
  client.subscribe((name) => {
    if (name === 'settings.changed') apply();
  });
}

/** The window's own ground (`--ground` in tokens.css), until its page has drawn it. */
export const groundColour = (): string => (nativeTheme.shouldUseDarkColors ? '#121513' : '#f5f6f4');
