// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import type { Posture } from '../../../src/shared/model/posture.ts';
import { aRegisteredDevice, aSnapshot } from '../../fixtures/snapshots.ts';
import { aReport } from '../../support/posture.ts';
import { renderApp } from '../../support/render-app.tsx';

async function shown(posture?: Posture) {
  const device = { ...aRegisteredDevice(), ...(posture && { posture }) };
  const app = await renderApp(aSnapshot({ device }), (fake) => fake.hang('device.checkPosture'));
  // Its name says the level too.
  await app.act(() => document.querySelector<HTMLElement>('[title="This device"]')?.click());
  return app;
}

it('says what to fix, in the words of this system, and checks again when asked', async () => {
  const app = await shown({
    report: aReport({ FirewallEnabled: 'false', applications: { osqueryd: false } }),
    checkedAt: Date.now(),
    verdict: {
      trustLevel: 'Low',
      failed: ['FirewallEnabled', 'OrgPreferredAppsRunning'],
      unknown: [],
    },
  });
  expect(app.text()).toContain('sudo ufw enable');
  expect(app.text()).toContain('Start or install: osqueryd.');
  expect(app.text()).not.toContain('LUKS');
  await app.click('Check again');
  expect(app.fake.calls.at(-1)).toEqual({ name: 'device.checkPosture', input: {} });
});

it('comes first on its page, and the way there says the level', async () => {
  const app = await shown({
    report: aReport(),
    checkedAt: Date.now(),
    verdict: { trustLevel: 'High', failed: [], unknown: [] },
  });
  expect(app.button('This device, Trust level High')).toBeDefined();
  expect(document.querySelector('main h2')?.textContent).toBe('Security of this device');
});

it('says who holds the level down, and why', async () => {
  const app = await shown({
    report: aReport(),
    checkedAt: Date.now(),
    verdict: { trustLevel: 'Low', failed: [], unknown: [], capReason: 'Seen abroad.' },
  });
  expect(app.text()).toContain('Held down by your administrator: Seen abroad.');
});

it('says that the organisation could not be told', async () => {
  const app = await shown({
    report: aReport(),
    checkedAt: Date.now(),
    because: { code: 'organisation/unreachable', message: 'No answer from Medsoft.' },
  });
  expect(app.text()).toContain('No answer from Medsoft.');
  expect(app.text()).not.toContain('Trust level');
});

it('waits for the first look', async () => {
  const app = await shown();
  expect(app.text()).toContain('Looking at this device for the first time…');
});
