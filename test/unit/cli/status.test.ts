import { expect, it } from 'vitest';
import { postureRows } from '../../../src/cli/commands/status.ts';
import { aRegisteredDevice } from '../../fixtures/snapshots.ts';
import { aReport } from '../../support/posture.ts';

const device = aRegisteredDevice();

it('tells the trust level and what to fix, and nothing of what is fine', () => {
  const posture = {
    report: aReport({ FirewallEnabled: 'false', ScreenLockEnabled: 'false' }),
    checkedAt: 1,
    verdict: {
      trustLevel: 'Medium',
      failed: ['FirewallEnabled'],
      unknown: [],
      capReason: 'A test.',
    },
  } as const;
  expect(postureRows({ ...device, posture }, 'linux')).toEqual([
    ['Trust level', 'Medium, held down by your administrator: A test.'],
    ['To fix', 'Firewall: Turn on a firewall, for example with: sudo ufw enable'],
  ]);
});

it('says that the organisation was not told', () => {
  const because = { code: 'organisation/unreachable', message: 'No answer.' } as const;
  const posture = { report: aReport(), checkedAt: 1, because };
  expect(postureRows({ ...device, posture }, 'linux')).toEqual([
    ['Posture', 'not reported (No answer.)'],
  ]);
  expect(postureRows(device, 'linux')).toEqual([]);
});
