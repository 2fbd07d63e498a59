// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { aSnapshot } from '../../fixtures/snapshots.ts';
import { renderApp } from '../../support/render-app.tsx';

describe('the settings', () => {
  it('can be reached before anything is registered', async () => {
    const app = await renderApp(
      aSnapshot({ device: { status: 'unregistered' }, organisations: [] }),
    );
    await app.click('Settings');
    expect(document.body.textContent).toContain('Connect automatically');
    expect(document.body.textContent).toContain('You choose where when you register this computer');
  });
});
