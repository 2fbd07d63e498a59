// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { alwaysConnected } from '../../../src/renderer/link.ts';
import { fakeLink } from '../../fakes/fake-link.ts';
import { renderApp } from '../../support/render-app.tsx';
import { listOfStates } from '../../fixtures/window-states.ts';

const nameOf = (element: Element): string =>
  element.getAttribute('aria-label') ?? element.textContent.trim();

describe('every state of the window', () => {
  it.each(listOfStates)('%s has one title and names its controls', async (_, state) => {
    const link = fakeLink();
    const { tab } = state;
    const app = await renderApp(state.snapshot, () => {}, tab ? link : alwaysConnected);
    if (tab) await app.act(() => link.become(tab));
    const titles =
      document.querySelectorAll('h1').length + document.querySelectorAll('.progress').length;
    expect(titles).toBe(1);
    for (const button of document.querySelectorAll('button')) expect(nameOf(button)).not.toBe('');
    for (const field of document.querySelectorAll<HTMLInputElement>(
      'input:not([type=radio]), textarea',
    )) {
      expect(field.getAttribute('aria-label') ?? field.labels?.[0]?.textContent ?? '').not.toBe('');
    }
    // What changes is read out: by a live region, or as the title of a page that takes the focus.
    expect(document.querySelector('[aria-live], h1:focus')).not.toBeNull();
    await app.unmount();
  });
});
