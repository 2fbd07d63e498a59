// Whether the client can be heard. In Electron it always can; in a browser tab the loopback host may go away.

/** `gone`: this tab's permission has ended and only a new link helps. `interrupted`: it tries again by itself. */
export type LinkState = 'connecting' | 'connected' | 'interrupted' | 'gone';

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
