import { describe, expect, test } from 'vitest';
import {
  decide,
  type AccessRule,
  type DecisionInput,
  type Role,
} from '../../../../src/edge/policy/decide.ts';

const role = (name: string, spec: Partial<Role> = {}): Role => ({
  name,
  group: [],
  email: [],
  device_ownership: [],
  platform: [],
  serial_numbers: [],
  mdm_present: false,
  ...spec,
});
const rule = (spec: Partial<AccessRule> = {}): AccessRule => ({
  roles: ['Engineers'],
  trust_level: '',
  start_time: '',
  end_time: '',
  ...spec,
});
const NOW = Date.parse('2025-06-01T12:00:00Z');

const input = (spec: Partial<DecisionInput> = {}): DecisionInput => ({
  subject: {
    person: { email: 'dana@demo.example', groups: ['Engineering'] },
    device: {
      ownership: 'Corporate Dedicated',
      platform: 'Linux',
      serialNumber: 'L1',
      trustLevel: 'Medium',
    },
  },
  service: { enabled: true },
  policy: { access: [rule()], enforcing: true },
  roles: [role('Engineers', { group: ['Engineering'] })],
  now: NOW,
  ...spec,
});

const unregistered = (known_device_only: boolean): Partial<DecisionInput> => {
  const { person, device } = input().subject;
  return {
    subject: { person, device: { ...device, platform: 'Unregistered' } },
    roles: [role('Engineers', { known_device_only })],
  };
};

const enforcing = (...access: AccessRule[]) => ({ policy: { access, enforcing: true } });

describe('decide', () => {
  test.each<[string, Partial<DecisionInput>, string]>([
    ['a service that is switched off', { service: { enabled: false } }, 'service_disabled'],
    ['no policy', { policy: null }, 'no_policy'],
    ['no role', { roles: [role('Engineers', { group: ['Finance'] })] }, 'role'],
    ['a role nobody has defined', enforcing(rule({ roles: ['Ghosts'] })), 'role'],
    ['a policy without rules', enforcing(), 'role'],
    ['a device below the level', enforcing(rule({ trust_level: 'High' })), 'trust_level'],
    ['a rule closed for everybody', enforcing(rule({ trust_level: 'AlwaysDeny' })), 'trust_level'],
    ['too early', enforcing(rule({ start_time: '2025-06-02T00:00:00Z' })), 'time'],
    ['too late', enforcing(rule({ end_time: '2025-05-31T00:00:00Z' })), 'time'],
    ['another device kind', { roles: [role('Engineers', { platform: ['macOS'] })] }, 'device'],
    [
      'another owner',
      { roles: [role('Engineers', { device_ownership: ['Employee Owned'] })] },
      'device',
    ],
    ['another person', { roles: [role('Engineers', { email: ['eve@demo.example'] })] }, 'role'],
    ['an unregistered device, where it has to be known', unregistered(true), 'device'],
    [
      'another person on another device',
      { roles: [role('Engineers', { group: ['Finance'], platform: ['macOS'] })] },
      'role',
    ],
    [
      'another device, and a rule for this one that it is below',
      {
        ...enforcing(rule({ trust_level: 'High' }), rule({ roles: ['Mac'] })),
        roles: [role('Engineers'), role('Mac', { platform: ['macOS'] })],
      },
      'trust_level',
    ],
    [
      'one attribute of two',
      { roles: [role('Engineers', { group: ['Engineering'], serial_numbers: ['L2'] })] },
      'device',
    ],
    [
      'device management that nobody can prove',
      { roles: [role('Engineers', { mdm_present: true })] },
      'device',
    ],
  ])('%s is refused with its code', (_, change, code) => {
    expect(decide(input(change))).toMatchObject({ allowed: false, code });
  });

  test.each<[string, Partial<DecisionInput>]>([
    ['a role by group', {}],
    ['a role without conditions', { roles: [role('Engineers')] }],
    ['a level that is reached', enforcing(rule({ trust_level: 'Medium' }))],
    ['AlwaysAllow', enforcing(rule({ trust_level: 'AlwaysAllow' }))],
    ['the second of two rules', enforcing(rule({ trust_level: 'High' }), rule())],
    ['any of several roles', enforcing(rule({ roles: ['Ghosts', 'Engineers'] }))],
    ['an unregistered device, where any will do', unregistered(false)],
    ['e-mail in another case', { roles: [role('Engineers', { email: ['Dana@Demo.Example'] })] }],
  ])('%s is let in', (_, change) => {
    expect(decide(input(change))).toEqual({ allowed: true });
  });

  test('a permissive policy lets in, and says who would have been refused', () => {
    const permissive = { access: [rule({ trust_level: 'High' })], enforcing: false };
    expect(decide(input({ policy: permissive }))).toMatchObject({
      allowed: true,
      wouldDeny: { code: 'trust_level' },
    });
  });

  test('a device that has no access at all gets none by a rule without a level either', () => {
    const { person, device } = input().subject;
    const subject = { person, device: { ...device, trustLevel: 'AlwaysDeny' as const } };
    for (const trust_level of ['', 'Low', 'AlwaysAllow'] as const) {
      expect(decide(input({ subject, ...enforcing(rule({ trust_level })) }))).toMatchObject({
        allowed: false,
        code: 'trust_level',
      });
    }
  });
});
