// What a factor of posture is called, and what to do about it on this system: for window and terminal alike.
import type { PostureFactor, TrustLevel } from './posture.ts';

export const FACTOR_NAMES: Record<PostureFactor, string> = {
  UpToDateOS: 'Operating system',
  DiskEncryptionEnabled: 'Disk encryption',
  FirewallEnabled: 'Firewall',
  ScreenLockEnabled: 'Screen lock',
  AutoUpdateEnabled: 'Automatic updates',
  OrgPreferredAppsRunning: 'Required programs',
};

export const LEVEL_NAMES: Record<TrustLevel, string> = {
  AlwaysDeny: 'No access',
  Low: 'Low',
  Medium: 'Medium',
  High: 'High',
};

/** `debian|12|6.1.0` as people say it. */
export function systemName(value: string): string {
  const [name = '', version = ''] = value.split('|');
  const known = name === 'macos' ? 'macOS' : name.charAt(0).toUpperCase() + name.slice(1);
  return `${known} ${version}`.trim();
}

type Fixes = Record<Exclude<PostureFactor, 'OrgPreferredAppsRunning'>, string>;

const LINUX: Fixes = {
  UpToDateOS: 'Upgrade to a newer version of your distribution.',
  DiskEncryptionEnabled:
    'The system and home folders have to be on an encrypted disk (LUKS). That is chosen when a system is installed: ask your administrator.',
  FirewallEnabled: 'Turn on a firewall, for example with: sudo ufw enable',
  ScreenLockEnabled: 'Turn on the automatic screen lock in Settings, Privacy, Screen Lock.',
  AutoUpdateEnabled:
    'Turn on automatic updates, on Debian and Ubuntu with: sudo apt install unattended-upgrades',
};
const MACOS: Fixes = {
  UpToDateOS: 'Install the newest macOS in System Settings, General, Software Update.',
  DiskEncryptionEnabled: 'Turn on FileVault in System Settings, Privacy & Security.',
  FirewallEnabled: 'Turn on the firewall in System Settings, Network, Firewall.',
  ScreenLockEnabled: 'Require a password when the screen turns off: System Settings, Lock Screen.',
  AutoUpdateEnabled:
    'Turn on “Install macOS updates” in System Settings, General, Software Update, Automatic Updates.',
};
const WINDOWS: Fixes = {
  UpToDateOS: 'Install the newest Windows in Settings, Windows Update.',
  DiskEncryptionEnabled: 'Turn on device encryption or BitLocker in Settings, Privacy & security.',
  FirewallEnabled: 'Turn on the firewall for every network in Windows Security.',
  ScreenLockEnabled:
    'Turn on a screen saver with “On resume, display logon screen” in Settings, Personalization, Lock screen.',
  AutoUpdateEnabled: 'Turn on updates in Settings, Windows Update, or ask your administrator.',
};

/** One sentence; `platform` as Node names it. */
export function factorFix(
  factor: PostureFactor,
  platform: string,
  missing: readonly string[] = [],
): string {
  if (factor === 'OrgPreferredAppsRunning') {
    return missing.length > 0
      ? `Start or install: ${missing.join(', ')}.`
      : 'Start the programs that your organisation asks for.';
  }
  switch (platform) {
    case 'darwin':
      return MACOS[factor];
    case 'win32':
      return WINDOWS[factor];
    default:
      return LINUX[factor];
  }
}
