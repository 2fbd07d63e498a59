// `protocol`: custom schemes. Chromium has no hook for them, so banyan-app://app/x travels as
// http://app.banyan-app.localhost/x and is answered before it reaches any network.
import type { Protocol } from 'electron';
import { app } from './app.ts';
import type { DevToolsSession } from './devtools.ts';

type Handler = Parameters<Protocol['handle']>[1];

const handlers = new Map<string, Handler>();

export const protocol = {
  registerSchemesAsPrivileged(): void {
    if (app.isReady()) {
      throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    }
  },
  handle(scheme: string, handler: Handler): void {
    handlers.set(scheme, handler);
  },
} satisfies Partial<Protocol>;

export const travelUrl = (url: string): string =>
  url.replace(/^([a-z][a-z0-9+.-]*):\/\/([^/]*)/, (whole, scheme: string, host: string) =>
    handlers.has(scheme) ? `http://${host}.${scheme}.localhost` : whole,
  );

export const ownUrl = (url: string): string =>
  url.replace(
    /^http:\/\/([^/]*)\.([a-z0-9+-]+)\.localhost(?=\/|$)/,
    (whole, host: string, scheme: string) => (handlers.has(scheme) ? `${scheme}://${host}` : whole),
  );

export const isOwnScheme = (url: string): boolean => handlers.has(url.split(':')[0] ?? '');

/** Of `Fetch.requestPaused`. */
export interface PausedRequest {
  requestId: string;
  frameId: string;
  resourceType: string;
  request: { url: string; method: string; headers: Record<string, string>; postData?: string };
}

export async function answerByHandler(
  { requestId, request }: PausedRequest,
  devTools: DevToolsSession,
): Promise<void> {
  const url = ownUrl(request.url);
  const handler = handlers.get(url.split(':')[0] ?? '');
  if (!handler) throw new Error(`electron-host: nobody serves ${url}`);
  const { method, headers } = request;
  const answer = await handler(new Request(url, { method, headers }));
  await devTools.send('Fetch.fulfillRequest', {
    requestId,
    responseCode: answer.status,
    responseHeaders: [...answer.headers].map(([name, value]) => ({ name, value })),
    body: Buffer.from(await answer.arrayBuffer()).toString('base64'),
  });
}
