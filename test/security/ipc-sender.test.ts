// Only the top frame of our own window, while it shows our own page, may call the client.
import { describe, expect, it, test } from 'vitest';
import { isTrustedSender } from '../../src/main/desktop/security/trusted-sender.ts';
import { isWindowUrl, WINDOW_URL } from '../../src/main/desktop/window-url.ts';
import { serve } from '../../src/main/ipc/serve.ts';
import { allCallNames, callNames, tabCallNames } from '../../src/shared/ipc/names.ts';
import type { Handlers } from '../../src/shared/ipc/contract.ts';

const ours = { url: WINDOW_URL, frameTreeNodeId: 7 };
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };

test("a cluster's token is for the terminal: neither the window nor a browser tab is served it", () => {
  expect(allCallNames).toContain('program.kubeToken');
  expect(callNames).not.toContain('program.kubeToken');
  expect(tabCallNames).not.toContain('program.kubeToken');
  expect(tabCallNames).toContain('service.page');
});

describe('a call from a window', () => {
  it('is taken from the top frame of our page', () => {
    expect(isTrustedSender(ours, ours)).toBe(true);
  });

  it.each([
    ['another frame in our window', { ...ours, frameTreeNodeId: 8 }],
    ['our window, led to another page', { ...ours, url: 'https://evil.example/' }],
    ['a page whose name begins like ours', { ...ours, url: 'banyan-app://app.evil/' }],
    ['our name in front of another host', { ...ours, url: 'banyan-app://app@evil/' }],
    ['a blank page', { ...ours, url: 'about:blank' }],
    ['no page at all', { ...ours, url: '' }],
    ['a frame that is gone', null],
  ])('is refused from %s, and no handler runs', async (_who, sender) => {
    let ran = false;
    const handlers = { 'app.quit': () => Promise.resolve(void (ran = true)) };
    const server = serve<typeof ours | null>({
      handlers: handlers as unknown as Handlers,
      calls: callNames,
      isTrusted: (from) => isTrustedSender(from, ours),
      log,
    });
    const reply = await server.answer(sender, 'app.quit', {});
    expect(reply).toMatchObject({ ok: false, error: { code: 'client/control-refused' } });
    expect(ran).toBe(false);
  });

  it('for what is only for the terminal is answered as if there were no such call', async () => {
    let ran = false;
    const page = () => Promise.resolve(void (ran = true));
    const handlers = { 'service.page': page } as unknown as Handlers;
    const server = serve({ handlers, calls: callNames, isTrusted: () => true, log });
    const reply = await server.answer(null, 'service.page', { service: 'wiki' });
    expect(reply).toMatchObject({ ok: false, error: { code: 'usage/invalid-input' } });
    expect(ran).toBe(false);
  });

  it('is refused while there is no window', () => {
    expect(isTrustedSender(ours, null)).toBe(false);
  });

  it('knows its own pages by scheme and host, whatever the path', () => {
    expect(isWindowUrl('banyan-app://app/assets/index.js')).toBe(true);
    expect(isWindowUrl('http://app/')).toBe(false);
  });

  it.each([{ toString: null }, { toString: () => 'app.quit' }, ['app.quit'], null, Symbol('x')])(
    'is answered with a refusal when its name is no text, and nothing is thrown',
    async (name) => {
      const handlers = {} as unknown as Handlers;
      const server = serve({ handlers, calls: callNames, isTrusted: () => true, log });
      const reply = await server.answer(null, name, {});
      expect(reply).toMatchObject({ ok: false, error: { code: 'usage/invalid-input' } });
    },
  );
});
