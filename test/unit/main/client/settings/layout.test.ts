import { describe, expect, it } from 'vitest';
import {
  controlSocketPath,
  defaultHome,
  layout,
} from '../../../../../src/main/client/settings/layout.ts';

describe('the layout on disk', () => {
  it('takes BANYAN_HOME before anything else', () => {
    expect(defaultHome('linux', { BANYAN_HOME: '/x/y', XDG_CONFIG_HOME: '/z' })).toBe('/x/y');
  });

  it('follows XDG_CONFIG_HOME on Linux', () => {
    expect(defaultHome('linux', { XDG_CONFIG_HOME: '/z' })).toBe('/z/banyanapp');
  });

  it('keeps each organisation in a folder of its own', () => {
    const places = layout('/home/x');
    expect(places.organisation('ab').vault).toBe('/home/x/orgs/ab/vault.bin');
    expect(places.log).toBe('/home/x/logs/banyan.log');
  });

  it('gives each home its own, short control socket', () => {
    const environment = { XDG_RUNTIME_DIR: '/run/user/1000' };
    const first = controlSocketPath('/a', 'linux', environment);
    expect(first).not.toBe(controlSocketPath('/b', 'linux', environment));
    expect(first.length).toBeLessThan(104);
  });

  it('names a pipe on Windows', () => {
    expect(controlSocketPath('C:\\x', 'win32', {})).toMatch(/^\\\\\.\\pipe\\banyanapp-/);
  });
});
