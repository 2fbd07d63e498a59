import { describe, expect, it } from 'vitest';
import {
  bitLockerProtects,
  firewallIsOn,
  processNames,
  registryValues,
  screenLocks,
  updatesItself,
  windows,
} from '../../../../../../src/main/client/device/posture/windows.ts';
import { aLook } from '../../../../../support/look.ts';

const DESKTOP = registryValues(
  [
    '',
    String.raw`HKEY_CURRENT_USER\Control Panel\Desktop`,
    '    ScreenSaveActive    REG_SZ    1',
    '    ScreenSaverIsSecure    REG_SZ    1',
    '    ScreenSaveTimeOut    REG_SZ    600',
    String.raw`    SCRNSAVE.EXE    REG_SZ    C:\Windows\system32\scrnsave.scr`,
    '',
  ].join('\r\n'),
);
const none = new Map<string, string>();

describe('a Windows computer', () => {
  it('has the version of its kernel', async () => {
    expect(await windows.UpToDateOS(aLook({ kernel: '10.0.22631' }))).toBe('windows|10.0.22631|');
  });

  it.each([
    ['1\r\n', true],
    ['6\r\n', true],
    ['2\r\n', false],
    ['3\r\n', false],
    ['5\r\n', false],
    ['0\r\n', null],
    ['\r\n', null],
  ])('says of BitLocker: %j', (text, expected) => {
    expect(bitLockerProtects(text)).toBe(expected);
  });

  it.each([
    ['Domain=True\r\nPrivate=True\r\nPublic=True\r\n', true],
    ['Domain=True\r\nPrivate=True\r\nPublic=False\r\n', false],
    ['Domain=NotConfigured\r\nPrivate=True\r\nPublic=True\r\n', null],
    ['', null],
  ])('says of its firewall: %j', (text, expected) => {
    expect(firewallIsOn(text)).toBe(expected);
  });

  it('reads values of the registry', () => {
    expect(DESKTOP.get('screensavetimeout')).toBe('600');
    expect(DESKTOP.get('scrnsave.exe')).toBe(String.raw`C:\Windows\system32\scrnsave.scr`);
  });

  it('locks its screen by the screen saver or a policy, else nobody knows', () => {
    expect(screenLocks(none, DESKTOP)).toBe(true);
    expect(screenLocks(new Map([['inactivitytimeoutsecs', '0x384']]), none)).toBe(true);
    expect(screenLocks(new Map([['inactivitytimeoutsecs', '0x0']]), none)).toBeNull();
    expect(screenLocks(none, new Map([...DESKTOP, ['screensaverissecure', '0']]))).toBeNull();
  });

  it.each([
    [none, '0x3', true],
    [none, '0x4', false],
    [new Map([['noautoupdate', '0x1']]), '0x3', false],
    [new Map([['noautoupdate', '0x0']]), '0x2', true],
  ])('updates itself unless it was told not to', (policy, start, expected) => {
    expect(updatesItself(policy, new Map([['start', start]]))).toBe(expected);
    expect(updatesItself(none, none)).toBeNull();
  });

  it('names its programs', () => {
    const csv =
      '"System Idle Process","0","Services","0","8 K"\r\n"chrome.exe","1234","Console","1","100.000 K"\r\n';
    expect(processNames(csv)).toEqual(['System Idle Process', 'chrome']);
  });

  it('asks only programs of the system, by their full path', async () => {
    const asked: string[] = [];
    const look = aLook({
      environment: { SystemRoot: String.raw`D:\Win` },
      run: (program) => {
        asked.push(program);
        return null;
      },
    });
    await Promise.all([
      windows.DiskEncryptionEnabled(look),
      windows.FirewallEnabled(look),
      windows.ScreenLockEnabled(look),
      windows.AutoUpdateEnabled(look),
      windows.running(look),
    ]);
    expect(asked.every((program) => program.startsWith('D:\\Win\\System32\\'))).toBe(true);
    expect(asked).toContain(String.raw`D:\Win\System32\WindowsPowerShell\v1.0\powershell.exe`);
  });
});
