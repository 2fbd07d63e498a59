// Who may call: the top frame of our own window, while it shows our own page. Any other frame, a page that a window
// was tricked into, or a frame that is gone by now is refused.
import type { WebFrameMain } from 'electron';
import { isWindowUrl } from '../window-url.ts';

type Frame = Pick<WebFrameMain, 'url' | 'frameTreeNodeId'>;

/** `senderFrame` as Electron's event has it: null when the frame has navigated away or is gone. */
export const isTrustedSender = (senderFrame: Frame | null, ourTopFrame: Frame | null): boolean =>
  senderFrame !== null &&
  ourTopFrame !== null &&
  senderFrame.frameTreeNodeId === ourTopFrame.frameTreeNodeId &&
  isWindowUrl(senderFrame.url);
