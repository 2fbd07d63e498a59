import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createOpenPages } from '../../../../src/edge/trust-provider/open-pages.ts';

const DEVICE = 'device-1';

/** The authorization endpoint reduced to the pages that it opens. */
function anEndpoint() {
  const pages = createOpenPages({
    life: 600,
    secure: true,
    path: '/interaction',
    isDevice: (id) => id.startsWith('device'),
  });
  let last = 0;
  const context = (clientId: string, uid: string, jti?: string): KoaContextWithOIDC => {
    const entities = { Interaction: { uid }, PushedAuthorizationRequest: { jti } };
    const oidc = { client: { clientId }, entities };
    return { oidc, append: () => {} } as unknown as KoaContextWithOIDC;
  };
  const open = async (clientId: string, request: string): Promise<number> => {
    let answered = 0;
    const handler = pages.bounded(() => {
      last += 1;
      answered = 303;
      pages.started(context(clientId, `page-${last}`, request));
    });
    const query = new URLSearchParams({
      client_id: clientId,
      request_uri: `urn:ietf:params:oauth:request_uri:${request}`,
    });
    const response = {
      writeHead: (status: number) => void (answered = status),
      end: () => {},
    } as unknown as ServerResponse;
    await handler({ url: `/auth?${query.toString()}` } as IncomingMessage, response);
    return answered;
  };
  return { open, finish: (uid: string) => pages.ended(context(DEVICE, uid)) };
}

describe('sign-in pages', () => {
  afterEach(() => void vi.useRealTimers());

  it('of one request are ten, until one of them is finished', async () => {
    const { open, finish } = anEndpoint();
    for (let page = 0; page < 10; page += 1) expect(await open(DEVICE, 'a')).toBe(303);
    expect(await open(DEVICE, 'a')).toBe(429);
    expect(await open(DEVICE, 'b')).toBe(303);
    finish('page-3');
    expect(await open(DEVICE, 'a')).toBe(303);
  });

  it('of one device are a hundred, and another device is not affected', async () => {
    const { open } = anEndpoint();
    for (let page = 0; page < 100; page += 1) expect(await open(DEVICE, `r${page}`)).toBe(303);
    expect(await open(DEVICE, 'one more')).toBe(503);
    expect(await open('device-2', 'x')).toBe(303);
  });

  it('that anybody may begin are a thousand of each, and cost no other its own', async () => {
    const { open } = anEndpoint();
    for (let page = 0; page < 1_000; page += 1) await open('banyan-registration', `r${page}`);
    expect(await open('banyan-registration', 'one more')).toBe(503);
    expect(await open('wiki.demo.bnn', 'x')).toBe(303);
    expect(await open(DEVICE, 'x')).toBe(303);
  });

  it('that nobody finishes are forgotten with the time that they are good', async () => {
    const { open } = anEndpoint();
    for (let page = 0; page < 10; page += 1) await open(DEVICE, 'a');
    const now = Date.now();
    vi.useFakeTimers({ toFake: ['Date'] });
    vi.setSystemTime(now + 601_000);
    expect(await open(DEVICE, 'a')).toBe(303);
  });
});
