// Serves the window from banyan-app://app: `file:` pages would all share one origin, and could read any file.
import { protocol } from 'electron';
import { readWindowFile, windowHeaders } from '../window-files.ts';
import { isWindowUrl, SCHEME } from './window-url.ts';

/** Before Electron is ready, or the scheme has no origin of its own. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme: SCHEME,
      // `corsEnabled`: module scripts are asked for in CORS mode, even by their own origin.
      privileges: { standard: true, secure: true, corsEnabled: true, codeCache: true },
    },
  ]);
}

export function serveAppScheme(rendererFolder: string): void {
  protocol.handle(SCHEME, ({ url, method }) => answer(rendererFolder, url, method));
}

async function answer(folder: string, url: string, method: string): Promise<Response> {
  const mayHave = method === 'GET' && isWindowUrl(url);
  const file = mayHave ? await readWindowFile(folder, new URL(url).pathname) : null;
  const headers = windowHeaders("'none'");
  if (!file) return new Response('Not found', { status: 404, headers });
  return new Response(file.body, { headers: { ...headers, 'content-type': file.type } });
}
