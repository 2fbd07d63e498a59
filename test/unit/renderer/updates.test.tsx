// @vitest-environment happy-dom
// "Updates" in the settings: every state says what is so, and offers what can be done.
import { afterEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/shared/errors.ts';
import { defaultSettings } from '../../../src/shared/model/settings.ts';
import type { Updates } from '../../../src/shared/model/updates.ts';
import { aSnapshot } from '../../fixtures/snapshots.ts';
import { type RenderedApp, renderApp } from '../../support/render-app.tsx';

let app: RenderedApp;
afterEach(() => app.unmount());

const BY = 'your administrator';

async function open(updates: Updates): Promise<void> {
  const isManaged = updates.status === 'off' && updates.because === 'managed';
  app = await renderApp(
    aSnapshot({
      updates,
      settings: {
        values: { ...defaultSettings, updates: !isManaged },
        managed: isManaged ? { by: BY, locked: ['updates'] } : null,
      },
    }),
  );
  await app.click('Settings');
}

const buttons = (): string[] =>
  [...document.querySelectorAll('main button')]
    .map((each) => each.textContent)
    .filter((name) => /version|again|update/i.test(name));
const isSwitchThere = (): boolean => app.text().includes('Update automatically');

describe('updates in the settings', () => {
  it.each<[string, Updates, string[]]>([
    ['Looked for soon after the start', { status: 'idle' }, ['Look for a newer version']],
    ['Looking for a newer version…', { status: 'checking' }, ['Look for a newer version']],
    ['This is the newest version', { status: 'none', checkedAt: 0 }, ['Look again']],
    [
      '0.2.0 is being downloaded: 42 %',
      { status: 'downloading', version: '0.2.0', share: 0.429 },
      [],
    ],
    ['0.2.0 is ready', { status: 'ready', version: '0.2.0' }, ['Restart to update']],
    ['Updates are up to your administrator', { status: 'off', because: 'managed', by: BY }, []],
  ])('say: %s', async (words, updates, offered) => {
    await open(updates);
    expect(app.text()).toContain(words);
    expect(buttons()).toEqual(offered);
    expect(isSwitchThere()).toBe(true);
  });

  it('say how a package is replaced, without a switch that would do nothing', async () => {
    await open({ status: 'off', because: 'deb' });
    expect(app.text()).toContain('sudo apt install');
    expect(isSwitchThere()).toBe(false);
    expect(buttons()).toEqual([]);
  });

  it('say why a list of versions was refused, and offer to look again', async () => {
    const error = new AppError('updates/feed-refused', 'The list of versions is not believed: x.');
    await open({ status: 'failed', because: error.toWire() });
    expect(app.text()).toContain('The list of versions is not trusted');
    expect(app.text()).toContain('Nothing was downloaded.');
    expect(buttons()).toEqual(['Look again']);
  });

  it('restart on a press, and say why that was refused', async () => {
    await open({ status: 'ready', version: '0.2.0' });
    app.fake.refuse('updates.install', 'updates/not-ready', 'No newer version is ready.');
    await app.click('Restart to update');
    expect(app.text()).toContain('No newer version is ready.');
  });
});
