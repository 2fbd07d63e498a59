// Camera, location, notifications and the like: all refused, but for "Copy" in our own window.
import { session, type WebContents } from 'electron';
import { isWindowUrl } from '../window-url.ts';

export function refusePermissions(isOurs: (contents: WebContents | null) => boolean): void {
  const mayHave = (contents: WebContents | null, permission: string, url: string): boolean =>
    permission === 'clipboard-sanitized-write' && isOurs(contents) && isWindowUrl(url);

  const { defaultSession } = session;
  defaultSession.setPermissionRequestHandler((contents, permission, answer, { requestingUrl }) =>
    answer(mayHave(contents, permission, requestingUrl)),
  );
  defaultSession.setPermissionCheckHandler((contents, permission, requestingOrigin) =>
    mayHave(contents, permission, requestingOrigin),
  );
  // Without these, USB, HID and serial devices have a way around the handlers above.
  defaultSession.setDevicePermissionHandler(() => false);
}
