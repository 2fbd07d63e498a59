// The window's own origin. Apart from what serves it, so that the checks that compare with it need no Electron.
export const SCHEME = 'banyan-app';
const HOST = 'app';
export const WINDOW_URL = `${SCHEME}://${HOST}/`;

/** Compared piece by piece: `startsWith` would also take banyan-app://app.example/. */
export function isWindowUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, host, username, password } = new URL(text);
  return protocol === `${SCHEME}:` && host === HOST && username === '' && password === '';
}
