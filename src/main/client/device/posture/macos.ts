// Posture of a Mac, as far as a person without administrator rights may look.
import { type Probes, said } from './probe.ts';

export const macos: Probes = {
  async UpToDateOS({ run }) {
    return osVersion((await run('/usr/bin/sw_vers', []))?.stdout ?? '');
  },
  async DiskEncryptionEnabled({ run }) {
    return said(fileVaultIsOn((await run('/usr/bin/fdesetup', ['status']))?.stdout ?? ''));
  },
  async FirewallEnabled({ run }) {
    const tool = '/usr/libexec/ApplicationFirewall/socketfilterfw';
    return said(firewallIsOn((await run(tool, ['--getglobalstate']))?.stdout ?? ''));
  },
  async ScreenLockEnabled({ run }) {
    const output = await run('/usr/sbin/sysadminctl', ['-screenLock', 'status']);
    // It answers on standard error.
    return said(screenLocks(`${output?.stdout ?? ''}\n${output?.stderr ?? ''}`));
  },
  async AutoUpdateEnabled({ run }) {
    const file = '/Library/Preferences/com.apple.SoftwareUpdate';
    const output = await run('/usr/bin/defaults', [
      'read',
      file,
      'AutomaticallyInstallMacOSUpdates',
    ]);
    return said(output?.status === 0 ? preferenceIsOn(output.stdout) : null);
  },
  async running({ run }) {
    const output = await run('/bin/ps', ['-axco', 'comm']);
    return output?.status === 0 ? processNames(output.stdout) : null;
  },
};

export function osVersion(swVers: string): string {
  const value = (name: string): string =>
    new RegExp(`^${name}:\\s*(\\S+)\\s*$`, 'm').exec(swVers)?.[1] ?? '';
  const version = value('ProductVersion');
  return version ? `macos|${version}|${value('BuildVersion')}` : 'unknown';
}

export function fileVaultIsOn(text: string): boolean | null {
  if (/^FileVault is On\b/m.test(text)) return true;
  return /^FileVault is Off\b/m.test(text) ? false : null;
}

/** State 0 is off, 1 is on, 2 lets nothing in. */
export function firewallIsOn(text: string): boolean | null {
  const state = /\(State = (\d)\)/.exec(text)?.[1];
  return state === undefined ? null : state !== '0';
}

export function screenLocks(text: string): boolean | null {
  if (/screenLock is off/i.test(text)) return false;
  return /screenLock delay is (?:immediate|\d)/i.test(text) ? true : null;
}

export function preferenceIsOn(text: string): boolean | null {
  const value = text.trim();
  return value === '1' ? true : value === '0' ? false : null;
}

/** Below the heading. */
export const processNames = (ps: string): string[] =>
  ps
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((name) => name !== '');
