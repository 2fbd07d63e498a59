import { describe, expect, it } from 'vitest';
import { managedRows, postureRows, sessionWords } from '../../../src/cli/commands/status.ts';
import { aRegisteredDevice, aSession } from '../../fixtures/snapshots.ts';
import type { ManagedRegistration } from '../../../src/shared/model/managed.ts';
import { aReport } from '../../support/posture.ts';

const device = aRegisteredDevice();

it('says that the session has ended, why, and what to do', () => {
  const { person } = aSession();
  const because = {
    code: 'identity/session-expired',
    message: 'An administrator ended it.',
  } as const;
  expect(sessionWords({ status: 'expired', person, because })).toMatch(
    /^ended.*An administrator ended it\..*banyan login/,
  );
});

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

describe('a computer that its organisation has set up', () => {
  const organisation = { id: '0'.repeat(16), host: 'demo.example' };
  const because = { code: 'organisation/unreachable', message: 'No answer.' } as const;
  const noKeychain = {
    code: 'device/secret-store-unavailable',
    message: 'No keychain.',
  } as const;
  const refused = { code: 'device/invite-refused', message: 'It was refused.' } as const;

  it.each<[ManagedRegistration, RegExp]>([
    [{ status: 'not-set' }, /has set this computer up$/],
    [{ status: 'due', organisation }, /with demo\.example as soon as Banyan runs/],
    [{ status: 'registering', organisation }, /^registering with demo\.example/],
    [
      { status: 'waiting', organisation, because, retryAt: 0 },
      /yet: No answer\. It is tried again at \d{4}-\d\d-\d\d \d\d:\d\d \([+-]\d\d:\d\d\)\.$/,
    ],
    [
      { status: 'waiting', organisation, because: noKeychain, retryAt: 0 },
      /No keychain\. Unlock or install one, .* It is tried again at/,
    ],
    [{ status: 'refused', organisation, because: refused }, /refused\..*ask your administrator/],
    [{ status: 'registered', organisation }, /set this computer up, with demo\.example$/],
  ])('is told %j', (registration, words) => {
    const [row] = managedRows({ status: 'in-force', settings: {}, registration });
    expect(row).toEqual(['Set up', expect.stringMatching(words)]);
  });

  it('by a file that is ignored is told why and what to do; without one nothing is told', () => {
    const error = { code: 'managed/file-ignored', message: 'Others may write it.' } as const;
    expect(managedRows({ status: 'ignored', because: error })).toEqual([
      ['Set up', expect.stringMatching(/^Others may write it\. Tell your administrator/)],
    ]);
    expect(managedRows({ status: 'absent' })).toEqual([]);
  });
});
