import { describe, expect, it } from 'vitest';
import { choosePort } from '../../../../../src/main/client/access/port-choice.ts';
import { listenersIn } from '../../../../../src/main/client/adapters/port-holder.ts';
import { aService } from '../../../../support/services.ts';

const none = { chosen: {}, overrides: {}, hosts: {} };
const host = '127.0.0.1';
const id = 'echo.demo.bnn';

describe('the local port', () => {
  it("is the person's own where that is allowed", () => {
    const service = aService({ assignedPort: 8081 });
    expect(
      choosePort(service, { chosen: { [id]: 40000 }, overrides: { [id]: 9000 }, hosts: {} }),
    ).toEqual({
      host,
      port: 9000,
      source: 'override',
    });
  });

  it("is the administrator's when the person's own is set aside", () => {
    const service = aService({ assignedPort: 8081, allowUserOverride: false });
    expect(choosePort(service, { chosen: {}, overrides: { [id]: 9000 }, hosts: {} })).toEqual({
      host,
      port: 8081,
      source: 'assigned',
      setAside: { host, port: 9000 },
    });
  });

  it('is the one chosen before where none is assigned', () => {
    expect(choosePort(aService(), { chosen: { [id]: 40123 }, overrides: {}, hosts: {} })).toEqual({
      host,
      port: 40123,
      source: 'chosen',
    });
  });

  it('is not known before the first Connect where none is assigned', () => {
    expect(choosePort(aService(), none)).toEqual({ host, port: null, source: 'chosen' });
  });

  it("is at the person's own address too", () => {
    const saved = { ...none, overrides: { [id]: 9000 }, hosts: { [id]: '127.0.0.2' } };
    const own = { host: '127.0.0.2', port: 9000 };
    expect(choosePort(aService(), saved)).toEqual({ ...own, source: 'override' });
    const locked = aService({ assignedPort: 8081, allowUserOverride: false });
    expect(choosePort(locked, saved)).toMatchObject({ host, port: 8081, setAside: own });
  });

  it('is found in the table of the kernel when it listens', () => {
    const table = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1',
      '   1: 0100007F:1F91 0100007F:C000 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1',
    ].join('\n');
    expect(listenersIn(table, 8081)).toEqual(['4711']);
    expect(listenersIn(table, 81)).toEqual([]);
    // Another program may have the same port at another address.
    expect(listenersIn(table, 8081, '127.0.0.2')).toEqual([]);
    expect(
      listenersIn(
        table.replace('0100007F:1F91 00000000', '00000000:1F91 00000000'),
        8081,
        '127.0.0.2',
      ),
    ).toEqual(['4711']);
  });
});
