import { describe, expect, it } from 'vitest';
import {
  collectPosture,
  whichRun,
} from '../../../../../../src/main/client/device/posture/collect.ts';
import { linux } from '../../../../../../src/main/client/device/posture/linux.ts';
import { systemLook } from '../../../../../../src/main/client/adapters/system-look.ts';
import { recordingLog } from '../../../../../fakes/recording-log.ts';
import { aLook } from '../../../../../support/look.ts';

const onLinux = { platform: 'linux', log: recordingLog() } as const;

describe('a look at this computer', () => {
  it('calls unknown what fails, and what takes too long, and tells the rest', async () => {
    const report = await collectPosture([], {
      ...onLinux,
      look: aLook({ files: { '/etc/os-release': 'ID=debian\nVERSION_ID=12\n' } }),
      deadlineMs: 20,
      probes: {
        ...linux,
        FirewallEnabled: () => Promise.reject(new Error('broken')),
        ScreenLockEnabled: () => new Promise(() => {}),
      },
    });
    expect(report).toEqual({
      UpToDateOS: 'debian|12|1.0',
      DiskEncryptionEnabled: 'unknown',
      FirewallEnabled: 'unknown',
      ScreenLockEnabled: 'unknown',
      AutoUpdateEnabled: 'unknown',
      applications: {},
    });
  });

  it('knows nothing on a system without probes', async () => {
    const report = await collectPosture(['falcon'], {
      ...onLinux,
      platform: 'aix',
      look: aLook(),
    });
    expect(report).toMatchObject({ UpToDateOS: 'unknown', applications: null });
  });

  it('tells of the programs that were asked for and of no other', async () => {
    const look = aLook({
      lists: { '/proc': ['1', '2'] },
      files: { '/proc/1/comm': 'systemd\n', '/proc/2/comm': 'Falcon\n' },
    });
    const { applications } = await collectPosture(['falcon', 'osqueryd'], { ...onLinux, look });
    expect(applications).toEqual({ falcon: true, osqueryd: false });
  });

  it('finds a program whose name the kernel cut', () => {
    const name = 'a-very-long-program-name';
    expect(whichRun([name], [name.slice(0, 15)], 15)).toEqual({ [name]: true });
    expect(whichRun([name], [name.slice(0, 15)], Infinity)).toEqual({ [name]: false });
  });

  it('finds this very process and its system, on a real Linux', async (context) => {
    if (process.platform !== 'linux') context.skip('not on Linux');
    const look = systemLook(process.env);
    const own = (await look.file(`/proc/${process.pid}/comm`)) ?? '';
    const report = await collectPosture([own.trim()], { ...onLinux, look });
    expect(report.UpToDateOS).toMatch(/^[a-z]+\|[\w.]*\|\d/);
    expect(report.applications).toEqual({ [own.trim()]: true });
    for (const value of [report.DiskEncryptionEnabled, report.FirewallEnabled]) {
      expect(['true', 'false', 'unknown']).toContain(value);
    }
  });

  it('waits for no program that does not answer, or is not there', async (context) => {
    if (process.platform === 'win32') context.skip('no such program');
    const look = systemLook(process.env, 50);
    const before = performance.now();
    expect(await look.run('/bin/sleep', ['30'])).toBeNull();
    expect(await look.run('/nonexistent/program', [])).toBeNull();
    expect(performance.now() - before).toBeLessThan(4_000);
  });
});
