// The window as somebody without a pointer uses it.
import type { Page } from 'playwright-core';

/** By Tab to what has this name, from wherever the focus is. */
export async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  const passed: string[] = [];
  for (let presses = 0; presses < 60; presses += 1) {
    const at = await focused(page);
    if (typeof name === 'string' ? at === name : name.test(at)) return;
    passed.push(at);
    await page.keyboard.press('Tab');
  }
  throw new Error(`${String(name)} is not reached by Tab, which went by ${passed.join(', ')}`);
}

/** What the focus is on, by its name; of a page that has it itself, none. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    const at = document.activeElement as HTMLInputElement | null;
    if (!at || at === document.body) return '';
    const named = at.getAttribute('aria-labelledby')?.split(' ') ?? [];
    const words = named.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    const label = at.getAttribute('aria-label') ?? (words || at.labels?.[0]?.textContent);
    return (label ?? at.textContent).trim();
  });
