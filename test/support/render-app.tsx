// The whole window in happy-dom, on a fake bridge. For the words and the order of things; looks are for people.
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from '../../src/renderer/App.tsx';
import { alwaysConnected, type Link } from '../../src/renderer/link.ts';
import type { WindowStorage } from '../../src/renderer/stores/kept-filters.ts';
import { bridgeTransport, createClientApi } from '../../src/shared/ipc/bridge.ts';
import type { Snapshot } from '../../src/shared/ipc/contract.ts';
import { type FakeBridge, fakeBridge } from '../fakes/fake-bridge.ts';

export interface RenderedApp {
  fake: FakeBridge;
  text(): string;
  /** By what a screen reader would call it: label or text, the whole of it. */
  button(name: string): HTMLButtonElement | undefined;
  field(label: string): HTMLInputElement | HTMLTextAreaElement;
  click(name: string): Promise<void>;
  type(label: string, value: string): Promise<void>;
  press(key: string): Promise<void>;
  act(change: () => void): Promise<void>;
  /** The same without a turn of the event loop, for tests whose clock stands. */
  actNow(change: () => void): void;
  unmount(): Promise<void>;
}

export async function renderApp(
  snapshot: Snapshot,
  prepare: (fake: FakeBridge) => void = () => {},
  link: Link = alwaysConnected,
  storage?: WindowStorage,
): Promise<RenderedApp> {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
  const fake = fakeBridge();
  fake.answer('app.snapshot', () => snapshot);
  fake.answer('device.certificates', () => []);
  prepare(fake);
  const root = document.createElement('div');
  document.body.replaceChildren(root);
  const tree = createRoot(root);
  const acted = (change: () => void): Promise<void> =>
    act(async () => {
      change();
      await new Promise((resolve) => setTimeout(resolve));
    });
  const button = (name: string): HTMLButtonElement | undefined =>
    [...document.querySelectorAll('button')].find(
      (each) => (each.getAttribute('aria-label') ?? heardOf(each)) === name,
    );
  const field = (label: string): HTMLInputElement | HTMLTextAreaElement => {
    const fields = [...document.querySelectorAll<HTMLInputElement>('input, textarea')];
    const found = fields.find(
      (each) => (each.getAttribute('aria-label') ?? each.labels?.[0]?.textContent) === label,
    );
    if (!found) throw new Error(`no field is called ${label}`);
    return found;
  };
  await acted(() =>
    tree.render(
      <App
        client={createClientApi(link.opensPages ? fake.transport : bridgeTransport(fake.bridge))}
        link={link}
        {...(storage && { storage })}
      />,
    ),
  );
  return {
    fake,
    button,
    field,
    text: () => document.body.textContent,
    async click(name) {
      const found = button(name);
      if (!found) throw new Error(`no button is called ${name}`);
      await acted(() => found.click());
    },
    async type(label, value) {
      const found = field(label);
      // React listens to the setter of the prototype, as a browser's own typing goes through it.
      const own = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(found), 'value')!;
      await acted(() => {
        own.set!.call(found, value);
        found.dispatchEvent(new Event('input', { bubbles: true }));
      });
    },
    press: (key) =>
      acted(() =>
        window.dispatchEvent(
          new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
        ),
      ),
    act: acted,
    actNow: (change) => act(change),
    unmount: () => acted(() => tree.unmount()),
  };
}

/** Its text, without what is only for the eye. */
function heardOf(element: Element): string {
  const heard = element.cloneNode(true) as Element;
  for (const each of heard.querySelectorAll('[aria-hidden]')) each.remove();
  return heard.textContent.trim();
}
