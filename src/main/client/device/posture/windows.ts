// Posture of a Windows computer, as far as a person without administrator rights may look. Values, never words: what these
// tools say to people is in the language of the system.
import { type Look, type Output, type Probes, said } from './probe.ts';

export const windows: Probes = {
  UpToDateOS: ({ kernel }) => Promise.resolve(`windows|${kernel}|`),

  async DiskEncryptionEnabled(look) {
    // Get-BitLockerVolume asks for an administrator; the Explorer's property does not.
    const output = await powershell(
      look,
      "(New-Object -ComObject Shell.Application).NameSpace($env:SystemDrive).Self.ExtendedProperty('System.Volume.BitLockerProtection')",
    );
    return said(bitLockerProtects(output?.stdout ?? ''));
  },

  async FirewallEnabled(look) {
    const output = await powershell(
      look,
      'Get-NetFirewallProfile -PolicyStore ActiveStore | ForEach-Object { "$($_.Name)=$($_.Enabled)" }',
    );
    return said(firewallIsOn(output?.stdout ?? ''));
  },

  async ScreenLockEnabled(look) {
    const [limit, saver] = await Promise.all([
      registry(look, String.raw`HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System`),
      registry(look, String.raw`HKCU\Control Panel\Desktop`),
    ]);
    return said(screenLocks(limit, saver));
  },

  async AutoUpdateEnabled(look) {
    const [policy, service] = await Promise.all([
      registry(look, String.raw`HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU`),
      registry(look, String.raw`HKLM\SYSTEM\CurrentControlSet\Services\wuauserv`),
    ]);
    return said(updatesItself(policy, service));
  },

  async running(look) {
    const output = await look.run(system(look, 'tasklist.exe'), ['/fo', 'csv', '/nh']);
    return output?.status === 0 ? processNames(output.stdout) : null;
  },
};

const system = ({ environment }: Look, program: string): string =>
  [environment['SystemRoot'] ?? String.raw`C:\Windows`, 'System32', program].join('\\');

const powershell = (look: Look, command: string): Promise<Output | null> =>
  look.run(system(look, String.raw`WindowsPowerShell\v1.0\powershell.exe`), [
    '-NoLogo',
    '-NoProfile',
    '-NonInteractive',
    '-Command',
    command,
  ]);

type Values = ReadonlyMap<string, string>;

async function registry(look: Look, key: string): Promise<Values> {
  const output = await look.run(system(look, 'reg.exe'), ['query', key]);
  return registryValues(output?.status === 0 ? output.stdout : ''); // no such key: no values
}

/** `    Name    REG_SZ    value`, names in any case. */
export function registryValues(text: string): Values {
  const lines = [...text.matchAll(/^ {4}(.+?) {4}REG_\w+ {4}(.*?)\r?$/gm)];
  return new Map(lines.map(([, name = '', value = '']) => [name.toLowerCase(), value.trim()]));
}

/** 1 is on, 6 is on and locked; 2 is off, 3 and 4 are on the way, 5 is suspended. */
export function bitLockerProtects(text: string): boolean | null {
  const state = text.trim();
  if (!/^[1-6]$/.test(state)) return null;
  return state === '1' || state === '6';
}

export function firewallIsOn(text: string): boolean | null {
  const states = [...text.matchAll(/^\w+=(\w+)\r?$/gm)].map(([, state]) => state);
  if (states.includes('False')) return false;
  return states.length > 0 && states.every((state) => state === 'True') ? true : null;
}

/** A computer that locks when it sleeps says so nowhere that a person may read, so no is never certain. */
export function screenLocks(limit: Values, saver: Values): boolean | null {
  if (Number(limit.get('inactivitytimeoutsecs') ?? 0) > 0) return true;
  const isOn = (name: string): boolean => saver.get(name) === '1';
  const waits = Number(saver.get('screensavetimeout') ?? 0) > 0;
  return isOn('screensaveactive') && isOn('screensaverissecure') && waits ? true : null;
}

/** Windows does it by itself, unless a policy or a disabled service says otherwise. */
export function updatesItself(policy: Values, service: Values): boolean | null {
  if (Number(policy.get('noautoupdate') ?? 0) === 1) return false;
  const start = service.get('start');
  // 4: disabled.
  return start === undefined ? null : Number(start) !== 4;
}

/** `"chrome.exe","1234","Console","1","100,000 K"` */
export const processNames = (csv: string): string[] =>
  [...csv.matchAll(/^"([^"]+)",/gm)].map(([, name = '']) => name.replace(/\.exe$/i, ''));
