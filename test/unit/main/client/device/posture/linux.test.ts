import { describe, expect, it } from 'vitest';
import {
  aptInstalls,
  isEncrypted,
  kdeLocks,
  linux,
  locksWhenIdle,
  readRelease,
  unitStates,
} from '../../../../../../src/main/client/device/posture/linux.ts';
import { aLook } from '../../../../../support/look.ts';

const DEBIAN = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
VERSION="12 (bookworm)"
VERSION_CODENAME=bookworm
ID=debian
HOME_URL="https://www.debian.org/"
`;
const ARCH = `NAME="Arch Linux"\nID=arch\nBUILD_ID=rolling\n`;

describe('the version of a Linux system', () => {
  it.each([
    [DEBIAN, { id: 'debian', version: '12' }],
    [ARCH, { id: 'arch', version: '' }],
    ["ID='fedora'\nVERSION_ID=41\n", { id: 'fedora', version: '41' }],
    ['NAME=nothing\n', null],
  ])('is read from os-release', (text, expected) => {
    expect(readRelease(text)).toEqual(expected);
  });

  it('is reported with the kernel, or as unknown', async () => {
    const look = aLook({ files: { '/etc/os-release': DEBIAN }, kernel: '6.1.0-18-amd64' });
    expect(await linux.UpToDateOS(look)).toBe('debian|12|6.1.0-18-amd64');
    expect(await linux.UpToDateOS(aLook())).toBe('unknown');
  });
});

const disks = (...blockdevices: unknown[]): string => JSON.stringify({ blockdevices });
const PLAIN = disks(
  { name: 'zram0', type: 'disk', mountpoint: null },
  { name: 'vda', type: 'disk', mountpoint: '/' },
);
const LUKS = disks({
  name: 'nvme0n1',
  type: 'disk',
  mountpoints: [null],
  children: [
    { name: 'nvme0n1p1', type: 'part', mountpoints: ['/boot/efi'] },
    { name: 'nvme0n1p2', type: 'part', mountpoints: ['/boot'] },
    {
      name: 'nvme0n1p3',
      type: 'part',
      mountpoints: [null],
      children: [
        {
          name: 'luks-5f1c',
          type: 'crypt',
          mountpoints: [null],
          children: [
            { name: 'vg-root', type: 'lvm', mountpoints: ['/'] },
            { name: 'vg-home', type: 'lvm', mountpoints: ['/home'] },
          ],
        },
      ],
    },
  ],
});
const BTRFS = disks({
  name: 'sda',
  type: 'disk',
  mountpoints: [null],
  children: [{ name: 'luks', type: 'crypt', mountpoints: ['/home', '/'] }],
});
const HOME_OUTSIDE = disks(
  { name: 'sda', type: 'disk', children: [{ name: 'c', type: 'crypt', mountpoints: ['/'] }] },
  { name: 'sdb', type: 'disk', mountpoints: ['/home'] },
);
/** The system and one more thing beside it. */
const beside = (device: unknown): string =>
  disks(
    { name: 'sda', type: 'disk', children: [{ name: 'c', type: 'crypt', mountpoints: ['/'] }] },
    device,
  );

describe('disk encryption on Linux', () => {
  it.each([
    ['a plain disk', PLAIN, false],
    ['LVM on LUKS', LUKS, true],
    ['one file system at two places', BTRFS, true],
    ['homes outside of it', HOME_OUTSIDE, false],
    [
      'the home of one person outside of it',
      beside({ name: 'sdb', type: 'disk', mountpoints: ['/home/dana'] }),
      false,
    ],
    ['swap outside of it', beside({ name: 'sdb1', type: 'part', mountpoints: ['[SWAP]'] }), false],
    [
      'compressed memory for swap',
      beside({ name: 'zram0', type: 'disk', mountpoints: ['[SWAP]'] }),
      true,
    ],
    [
      'a disk of the person beside it',
      beside({ name: 'sdb1', type: 'part', mountpoints: ['/media/dana/stick', '/homework'] }),
      true,
    ],
    ['a root that is on no disk', disks({ name: 'sda', type: 'disk', mountpoints: [null] }), null],
  ])('%s', (_, lsblk, expected) => {
    expect(isEncrypted(lsblk)).toBe(expected);
  });

  it('is asked for as older systems know it where newer words are not known', async () => {
    const look = aLook({
      run: (program, args) =>
        args.includes('NAME,TYPE,MOUNTPOINTS')
          ? { status: 1, stdout: '', stderr: 'lsblk: unknown column: NAME,TYPE,MOUNTPOINTS' }
          : program === '/usr/bin/lsblk'
            ? { status: 0, stdout: PLAIN, stderr: '' }
            : null,
    });
    expect(await linux.DiskEncryptionEnabled(look)).toBe('false');
    expect(await linux.DiskEncryptionEnabled(aLook())).toBe('unknown');
  });
});

/** Units in the order of the probe: firewalld, ufw, nftables, netfilter-persistent, iptables, shorewall. */
const firewall = (states: string, ufw?: string) =>
  linux.FirewallEnabled(
    aLook({
      files: ufw === undefined ? {} : { '/etc/ufw/ufw.conf': ufw },
      run: (program) =>
        program === '/usr/bin/systemctl'
          ? { status: 3, stdout: `${states.replaceAll(' ', '\n')}\n`, stderr: '' }
          : null,
    }),
  );

describe('the firewall on Linux', () => {
  it.each([
    ['active inactive inactive inactive inactive inactive', undefined, 'true'],
    ['inactive active inactive inactive inactive inactive', 'ENABLED=yes\nLOGLEVEL=low\n', 'true'],
    ['inactive active inactive inactive inactive inactive', 'ENABLED=no\n', 'false'],
    ['inactive inactive active inactive inactive inactive', undefined, 'unknown'],
    ['inactive inactive inactive inactive inactive inactive', undefined, 'false'],
    ['', undefined, 'unknown'],
  ])('%s, ufw.conf %j: %s', async (states, ufw, expected) => {
    expect(await firewall(states, ufw)).toBe(expected);
  });

  it('is unknown where systemd does not run', async () => {
    // As in a container: all of its words on standard error.
    expect(unitStates(['ufw'], '')).toEqual(new Map([['ufw', '']]));
    expect(unitStates(['ufw', 'firewalld'], '')).toBeNull();
    expect(await linux.FirewallEnabled(aLook())).toBe('unknown');
  });
});

describe('the screen lock on Linux', () => {
  it.each([
    ['true', 'uint32 300', true],
    ['true', 'uint32 0', false],
    ['false', 'uint32 300', false],
    ['true', null, null],
    [null, 'uint32 300', null],
    ['true', '10', true],
  ])('lock-enabled %s, idle-delay %s: %s', (lock, idle, expected) => {
    expect(locksWhenIdle(lock, idle)).toBe(expected);
  });

  it.each([
    ['[Daemon]\nTimeout=10\n', true],
    ['[Daemon]\nAutolock=false\nLockOnResume=false\nTimeout=0\n', false],
    ['[Greeter]\nAutolock=false\n', true],
    [null, null],
  ])('of KDE: %j', (file, expected) => {
    expect(kdeLocks(file)).toBe(expected);
  });

  it('is unknown without a desktop that is known', async () => {
    expect(await linux.ScreenLockEnabled(aLook())).toBe('unknown');
    const sway = aLook({ environment: { XDG_CURRENT_DESKTOP: 'sway' } });
    expect(await linux.ScreenLockEnabled(sway)).toBe('unknown');
  });
});

describe('automatic updates on Linux', () => {
  const dump = (lists: string, upgrade: string): string =>
    `APT "";\nAPT::Periodic "";\nAPT::Periodic::Update-Package-Lists "${lists}";\nAPT::Periodic::Unattended-Upgrade "${upgrade}";\n`;

  it.each([
    [dump('1', '1'), true],
    [dump('1', '0'), false],
    [dump('0', '1'), false],
    [dump('1', '12h'), true],
    [`${dump('1', '1')}APT::Periodic::Enable "0";\n`, false],
    ['APT "";\n', false],
  ])('of apt', (text, expected) => {
    expect(aptInstalls(text)).toBe(expected);
  });

  it('need the program that installs them', async () => {
    const apt = (files: Record<string, string>) =>
      linux.AutoUpdateEnabled(
        aLook({
          files,
          run: (program) =>
            program === '/usr/bin/apt-config'
              ? { status: 0, stdout: dump('1', '1'), stderr: '' }
              : null,
        }),
      );
    expect(await apt({ '/usr/bin/unattended-upgrade': '#!/usr/bin/python3' })).toBe('true');
    expect(await apt({})).toBe('false');
  });

  it('of dnf are known only when they are on', async () => {
    const dnf = (stdout: string) =>
      linux.AutoUpdateEnabled(
        aLook({
          run: (program) =>
            program === '/usr/bin/systemctl' ? { status: 0, stdout, stderr: '' } : null,
        }),
      );
    expect(await dnf('enabled\ndisabled\n')).toBe('true');
    expect(await dnf('disabled\ndisabled\n')).toBe('unknown');
  });
});

describe('programs that run on Linux', () => {
  const processes = (...ids: string[]) =>
    aLook({
      lists: { '/proc': [...ids, 'cpuinfo'] },
      files: Object.fromEntries(ids.map((id) => [`/proc/${id}/comm`, `program-${id}\n`])),
    });

  it('are named by the kernel', async () => {
    expect(await linux.running(processes('1', '77'))).toEqual(['program-1', 'program-77']);
  });

  it('are unknown where those of others are hidden', async () => {
    expect(await linux.running(processes('77'))).toBeNull();
  });
});
