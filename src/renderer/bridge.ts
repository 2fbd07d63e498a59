// The only file that reads `window.client`. Without one this is a browser tab, and the loopback web host answers.
import { type Bridge, bridgeTransport, createClientApi } from '../shared/ipc/bridge.ts';
import type { ClientApi } from '../shared/ipc/contract.ts';
import { alwaysConnected, type Link } from './link.ts';
import { createWebTransport } from './web-transport.ts';

declare global {
  interface Window {
    /** Set by the preload. */
    readonly client?: Bridge;
  }
}

export interface Connection {
  client: ClientApi;
  link: Link;
}

export function connect(): Connection {
  if (window.client) {
    return { client: createClientApi(bridgeTransport(window.client)), link: alwaysConnected };
  }
  const transport = createWebTransport();
  return { client: createClientApi(transport), link: transport.link };
}
