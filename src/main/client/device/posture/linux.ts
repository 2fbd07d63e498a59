// Posture of a Linux computer, as far as a person without root may look.
import { type Look, type Probes, said } from './probe.ts';

export const linux: Probes = {
  async UpToDateOS({ file, kernel }) {
    const release = readRelease((await file('/etc/os-release')) ?? '');
    return release ? `${release.id}|${release.version}|${kernel}` : 'unknown';
  },

  async DiskEncryptionEnabled({ run }) {
    // Before util-linux 2.37 there is only the first mount point of each device.
    for (const column of ['MOUNTPOINTS', 'MOUNTPOINT']) {
      const output = await run('/usr/bin/lsblk', ['--json', '--output', `NAME,TYPE,${column}`]);
      if (output?.status === 0) return said(isEncrypted(output.stdout));
    }
    return 'unknown';
  },

  async FirewallEnabled({ run, file }) {
    const units = ['firewalld', 'ufw', ...UNREADABLE_FIREWALLS];
    const output = await run('/usr/bin/systemctl', ['is-active', ...units]);
    if (!output) return 'unknown';
    const states = unitStates(units, output.stdout);
    if (!states) return 'unknown';
    const isOn = (unit: string): boolean => states.get(unit) === 'active';
    if (isOn('firewalld')) return 'true';
    // Its unit is active also while `ufw disable` holds.
    if (isOn('ufw') && /^ENABLED=yes\s*$/im.test((await file('/etc/ufw/ufw.conf')) ?? '')) {
      return 'true';
    }
    return UNREADABLE_FIREWALLS.some(isOn) ? 'unknown' : 'false';
  },

  async ScreenLockEnabled(look) {
    const desktop = (look.environment['XDG_CURRENT_DESKTOP'] ?? '').toLowerCase();
    if (desktop.includes('kde')) {
      const home = look.environment['HOME'];
      const config = look.environment['XDG_CONFIG_HOME'] || (home && `${home}/.config`);
      return config ? said(kdeLocks(await look.file(`${config}/kscreenlockerrc`))) : 'unknown';
    }
    const found = GSETTINGS_DESKTOPS.find(([name]) => desktop.includes(name));
    return found ? said(await gsettingsLock(look, found[1], found[2])) : 'unknown';
  },

  async AutoUpdateEnabled({ run, file }) {
    const apt = await run('/usr/bin/apt-config', ['dump', 'APT::Periodic']);
    if (apt) {
      const isThere = (await file('/usr/bin/unattended-upgrade')) !== null;
      return said(isThere && aptInstalls(apt.stdout));
    }
    const timers = ['dnf-automatic-install.timer', 'dnf5-automatic.timer'];
    const dnf = await run('/usr/bin/systemctl', ['is-enabled', ...timers]);
    // Other programs may do it, so a timer that is off proves nothing.
    return dnf && /^enabled$/m.test(dnf.stdout) ? 'true' : 'unknown';
  },

  async running({ list, file }) {
    const ids = (await list('/proc')).filter((name) => /^\d+$/.test(name));
    // With `hidepid` only the own processes are seen: then what is missing may well run.
    if (!ids.includes('1')) return null;
    const names = await Promise.all(ids.map((id) => file(`/proc/${id}/comm`)));
    return names.flatMap((name) => (name === null ? [] : [name.trim()]));
  },
};

/** Only root sees which rules they have loaded, and Debian's nftables is active with none. */
const UNREADABLE_FIREWALLS = ['nftables', 'netfilter-persistent', 'iptables', 'shorewall'];

const GSETTINGS_DESKTOPS = [
  ['cinnamon', 'org.cinnamon.desktop.screensaver', 'org.cinnamon.desktop.session'],
  ['mate', 'org.mate.screensaver', 'org.mate.session'],
  ['gnome', 'org.gnome.desktop.screensaver', 'org.gnome.desktop.session'],
  ['unity', 'org.gnome.desktop.screensaver', 'org.gnome.desktop.session'],
] as const;

/** os-release(5): shell assignments, quoted or not. */
export function readRelease(text: string): { id: string; version: string } | null {
  const value = (name: string): string =>
    new RegExp(`^${name}=["']?([\\w.:~+-]*)["']?\\s*$`, 'm').exec(text)?.[1] ?? '';
  const id = value('ID');
  return id ? { id, version: value('VERSION_ID') } : null;
}

interface Device {
  name?: unknown;
  type?: unknown;
  mountpoint?: unknown;
  mountpoints?: unknown;
  children?: unknown;
}

/** What a thief of the disk wants: the system, what people keep, and memory that was written out. */
const isOfValue = (place: unknown): boolean =>
  place === '/' || place === '[SWAP]' || /^\/home(?:\/|$)/.test(String(place));

/** null: the system is not on a disk that lsblk knows (ZFS, a container). */
export function isEncrypted(lsblk: string): boolean | null {
  let isSystemSeen = false;
  const visit = (devices: unknown, isBelow: boolean): boolean => {
    if (!Array.isArray(devices)) return true;
    return (devices as Device[]).every(({ name, type, mountpoint, mountpoints, children }) => {
      // Compressed memory is a block device as well.
      const isSafe = isBelow || type === 'crypt' || String(name).startsWith('zram');
      const places: unknown[] = Array.isArray(mountpoints) ? mountpoints : [mountpoint];
      isSystemSeen ||= places.includes('/');
      const areChildrenSafe = visit(children, isSafe);
      return areChildrenSafe && (isSafe || !places.some(isOfValue));
    });
  };
  const isSafe = visit((JSON.parse(lsblk) as { blockdevices?: unknown }).blockdevices, false);
  return isSystemSeen || !isSafe ? isSafe : null;
}

/** One line per unit, in the order that was asked; null: systemd does not run here. */
export function unitStates(units: readonly string[], stdout: string): Map<string, string> | null {
  const lines = stdout.trim().split('\n');
  if (lines.length !== units.length) return null;
  return new Map(units.map((unit, index) => [unit, lines[index] ?? '']));
}

/** Locks itself by default; the file holds only what differs. No file: nobody has changed anything, or no such desktop. */
export function kdeLocks(file: string | null): boolean | null {
  if (file === null) return null;
  const daemon = /\[Daemon\]([^[]*)/.exec(file)?.[1] ?? '';
  return !/^Autolock=false\s*$/im.test(daemon) && !/^Timeout=0\s*$/m.test(daemon);
}

async function gsettingsLock(look: Look, saver: string, session: string): Promise<boolean | null> {
  const get = async (schema: string, key: string): Promise<string | null> => {
    const output = await look.run('/usr/bin/gsettings', ['get', schema, key]);
    return output?.status === 0 ? output.stdout.trim() : null;
  };
  const [lock, idle] = await Promise.all([get(saver, 'lock-enabled'), get(session, 'idle-delay')]);
  return locksWhenIdle(lock, idle);
}

/** e.g. `true` and `uint32 300`; an idle delay of 0 is never. */
export function locksWhenIdle(lock: string | null, idle: string | null): boolean | null {
  if (lock === 'false') return false;
  const seconds = /^(?:uint32 |int32 )?(\d+)$/.exec(idle ?? '')?.[1];
  if (lock !== 'true' || seconds === undefined) return null;
  return Number(seconds) > 0;
}

/** `APT::Periodic::Unattended-Upgrade "1";` and lists that are fetched; "0", "" or absent is off. */
export function aptInstalls(dump: string): boolean {
  const isOn = (name: string): boolean => {
    const value = new RegExp(`^APT::Periodic::${name} "([^"]*)";`, 'm').exec(dump)?.[1] ?? '0';
    return !/^(?:0[smhd]?|)$/.test(value);
  };
  return isOn('Enable') || !/^APT::Periodic::Enable "/m.test(dump)
    ? isOn('Update-Package-Lists') && isOn('Unattended-Upgrade')
    : false;
}
