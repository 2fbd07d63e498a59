// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { aRegisteredDevice, aService, aSnapshot } from '../../fixtures/snapshots.ts';
import { aReport } from '../../support/posture.ts';
import { renderApp } from '../../support/render-app.tsx';

const deniedAs = (code: string, reason: string) => ({
  catalog: {
    status: 'current' as const,
    services: [
      aService({
        name: 'vault',
        friendlyName: 'Vault',
        access: { status: 'denied' as const, code, reason },
      }),
    ],
  },
});

describe('a service that is closed for this person', () => {
  it('because of this device shows the checks that fail, and leads to all of them', async () => {
    const posture = {
      report: aReport({ FirewallEnabled: 'false' }),
      checkedAt: 1,
      verdict: {
        trustLevel: 'Medium' as const,
        failed: ['FirewallEnabled' as const],
        unknown: ['ScreenLockEnabled' as const],
      },
    };
    const app = await renderApp(
      aSnapshot({
        ...deniedAs('trust_level', 'Your device has to be at trust level High.'),
        device: { ...aRegisteredDevice(), posture },
      }),
    );
    await app.click('Why is Vault not available?');
    expect(app.text()).toContain('Your device has to be at trust level High.');
    expect(app.text()).toContain('sudo ufw enable');
    expect(app.text()).toContain('Its trust level is Medium now.');
    expect(app.text()).toContain('Screen lockBanyan could not tell on this computer');
    expect(app.text()).not.toContain('banyan status');
    await app.click('Show this device');
    expect(app.text()).toContain('Security of this device');
  });

  it('because of who she is says who can change that, and offers nothing to fix', async () => {
    const app = await renderApp(aSnapshot(deniedAs('role', 'Only for the operations team.')));
    await app.click('Details of Vault');
    expect(app.text()).toContain('Only your administrator can change that.');
    expect(app.button('Show this device')).toBeUndefined();
  });
});
