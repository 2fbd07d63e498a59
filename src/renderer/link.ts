// Whether the client can be heard. In Electron it always can; in a browser tab the loopback host may go away.

/**
 * `interrupted`: it tries again by itself. Only a new link helps after the others: `gone` when this tab's permission
 * has ended, `used` when its link had been used before and it never had one.
 */
export type LinkState = 'connecting' | 'connected' | 'interrupted' | 'gone' | 'used';

export const isOver = (state: LinkState): state is 'gone' | 'used' =>
  state === 'gone' || state === 'used';

export interface Link {
  /** A browser tab can open pages itself; the desktop window may not, its client does. */
  opensPages: boolean;
  state: () => LinkState;
  /** Called on every change, not for the state at the time of the call. Returns how to stop. */
  watch: (listener: (state: LinkState) => void) => () => void;
}

export const alwaysConnected: Link = {
  opensPages: false,
  state: () => 'connected',
  watch: () => () => {},
};
