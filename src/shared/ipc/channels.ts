// Electron's two channels between main and the window; everything else is a name inside them.
export const CALL_CHANNEL = 'banyan:call';
export const SIGNAL_CHANNEL = 'banyan:signal';
