import { describe, expect, it } from 'vitest';
import {
  fileVaultIsOn,
  firewallIsOn,
  macos,
  osVersion,
  preferenceIsOn,
  processNames,
  screenLocks,
} from '../../../../../../src/main/client/device/posture/macos.ts';
import { aLook } from '../../../../../support/look.ts';

describe('a Mac', () => {
  it.each([
    [
      'ProductName:\t\tmacOS\nProductVersion:\t\t14.4.1\nBuildVersion:\t\t23E224\n',
      'macos|14.4.1|23E224',
    ],
    [
      'ProductName:\tMac OS X\nProductVersion:\t10.15.7\nBuildVersion:\t19H15\n',
      'macos|10.15.7|19H15',
    ],
    ['', 'unknown'],
  ])('has a version', (text, expected) => {
    expect(osVersion(text)).toBe(expected);
  });

  it.each([
    ['FileVault is On.\n', true],
    ['FileVault is On.\nEncryption in progress: Percent completed = 12\n', true],
    ['FileVault is Off.\n', false],
    ['Error: nothing.\n', null],
  ])('says of its disk: %j', (text, expected) => {
    expect(fileVaultIsOn(text)).toBe(expected);
  });

  it.each([
    ['Firewall is enabled. (State = 1)\n', true],
    ['Firewall is blocking all non-essential incoming connections. (State = 2)\n', true],
    ['Firewall is disabled. (State = 0)\n', false],
    ['', null],
  ])('says of its firewall: %j', (text, expected) => {
    expect(firewallIsOn(text)).toBe(expected);
  });

  it.each([
    ['2024-03-11 09:12:44.713 sysadminctl[2211:33741] screenLock delay is immediate', true],
    ['2024-03-11 09:12:44.713 sysadminctl[2211:33741] screenLock delay is 300 seconds', true],
    ['2024-03-11 09:12:44.713 sysadminctl[2211:33741] screenLock is off', false],
    ['', null],
  ])('says of its screen lock: %j', (text, expected) => {
    expect(screenLocks(text)).toBe(expected);
  });

  it.each([
    ['1\n', true],
    ['0\n', false],
    ['', null],
  ])('says of its updates: %j', (text, expected) => {
    expect(preferenceIsOn(text)).toBe(expected);
  });

  it('does not take a setting that is not there for a no', async () => {
    const look = aLook({
      run: () => ({ status: 1, stdout: '', stderr: 'The domain/default pair … does not exist' }),
    });
    expect(await macos.AutoUpdateEnabled(look)).toBe('unknown');
  });

  it('reads the screen lock from standard error', async () => {
    const stderr = 'sysadminctl[1:2] screenLock is off\n';
    const look = aLook({ run: () => ({ status: 0, stdout: '', stderr }) });
    expect(await macos.ScreenLockEnabled(look)).toBe('false');
  });

  it('names its programs below a heading', () => {
    expect(processNames('COMM\nlaunchd\nGoogle Chrome Helper\n')).toEqual([
      'launchd',
      'Google Chrome Helper',
    ]);
  });
});
