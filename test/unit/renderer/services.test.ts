import { describe, expect, it } from 'vitest';
import { readPort } from '../../../src/renderer/features/services/port-problem.ts';
import {
  findable,
  found,
  grouped,
  isAmong,
  rowsOf,
  typesOf,
} from '../../../src/renderer/features/services/service-view.ts';
import { announcements } from '../../../src/renderer/features/shell/announcements.ts';
import { timeLeft } from '../../../src/renderer/text/time.ts';
import { aService, aSession, aSnapshot } from '../../fixtures/snapshots.ts';

describe('a typed port', () => {
  it.each([
    ['1', 1],
    ['65535', 65535],
    [' 8081 ', 8081],
  ])('%j is a port', (text, port) => expect(readPort(text)).toEqual({ port }));

  it.each(['', ' ', '0', '65536', '80.5', '-1', '1e3', '0x50', 'ssh', '٨٠'])(
    '%j is not, and a sentence says why',
    (text) => expect(readPort(text)).toHaveProperty('problem'),
  );
});

describe('the list', () => {
  const ledger = aService();
  const bastion = aService({ name: 'bastion', friendlyName: 'Bastion', type: 'SSH' });
  const denied = aService({
    name: 'vault',
    friendlyName: 'Vault',
    access: { status: 'denied', code: 'policy/role', reason: 'Not for you.' },
  });

  it('puts each service into one group and leaves empty groups out', () => {
    const states = { [ledger.id]: { status: 'opening', startedAt: 0 } as const };
    expect(
      grouped(rowsOf([bastion, denied, ledger], states)).map(({ group, rows }) => [
        group,
        rows.map(({ service }) => service.name),
      ]),
    ).toEqual([
      ['connected', ['ledger']],
      ['available', ['bastion']],
      ['denied', ['vault']],
    ]);
  });

  it('has favourites first in each group, and can be narrowed to them and to what is connected', () => {
    const address = { host: '127.0.0.1', port: 5433 };
    const states = { [ledger.id]: { status: 'open', address, openedAt: 0 } as const };
    const zoo = aService({ name: 'zoo', friendlyName: 'Zoo' });
    const rows = rowsOf([bastion, ledger, zoo], states, new Set([zoo.id]));
    const namesOf = (listed: typeof rows) => listed.map(({ service }) => service.name);
    expect(grouped(rows).map(({ rows: each }) => namesOf(each))).toEqual([
      ['ledger'],
      ['zoo', 'bastion'],
    ]);
    expect(
      namesOf(rows.filter((row) => isAmong(row, { state: 'favourites', type: null }))),
    ).toEqual(['zoo']);
    expect(namesOf(rows.filter((row) => isAmong(row, { state: 'connected', type: null })))).toEqual(
      ['ledger'],
    );
    expect(namesOf(rows.filter((row) => isAmong(row, { state: null, type: 'SSH' })))).toEqual([
      'bastion',
    ]);
  });

  it('can be narrowed to what has failed, and to what is not allowed', () => {
    const error = { code: 'tunnel/port-in-use', message: 'In use.' } as const;
    const rows = rowsOf([bastion, denied, ledger], { [ledger.id]: { status: 'failed', error } });
    const among = (narrowed: 'failed' | 'denied') =>
      rows
        .filter((row) => isAmong(row, { state: narrowed, type: null }))
        .map(({ service }) => service.name);
    expect([among('failed'), among('denied')]).toEqual([['ledger'], ['vault']]);
  });

  it('finds by every word, in any order, whatever the case', () => {
    const all = findable([ledger, bastion]);
    expect(found(all, ' DATABASE  ledger ')).toEqual([ledger]);
    expect(found(all, 'ledger ssh')).toEqual([]);
  });

  it('is in the order of names, as people count', () => {
    const names = ['Node 10', 'node 9', 'Älter', 'Zoo'];
    const services = names.map((friendlyName) => aService({ name: friendlyName, friendlyName }));
    const listed = found(findable(services), '').map(({ friendlyName }) => friendlyName);
    expect(listed).toEqual(['Älter', 'node 9', 'Node 10', 'Zoo']);
  });

  it('can be narrowed to the kinds that there are', () => {
    expect(typesOf([ledger, bastion, ledger])).toEqual(['SSH', 'DATABASE']);
  });

  it('speaks only about tunnels that changed their state', () => {
    const services = [ledger, bastion];
    const before = aSnapshot({ catalog: { status: 'current', services } }).slices;
    const states = {
      [ledger.id]: {
        status: 'open',
        address: { host: '127.0.0.1', port: 5433 },
        openedAt: 0,
      } as const,
    };
    expect(announcements(before, { ...before, tunnels: { states, ports: {} } })).toEqual([
      'Ledger database connected at 127.0.0.1:5433',
    ]);
    expect(announcements(before, { ...before, session: { status: 'signed-out' } })).toEqual([]);
  });
});

describe('a screen reader hears', () => {
  const because = { code: 'identity/session-expired', message: 'It has ended.' } as const;
  const { person } = aSession();
  const { slices } = aSnapshot();

  it('that a person is signed in, and that her session has ended', () => {
    const out = { ...slices, session: { status: 'signed-out' } as const };
    expect(announcements(out, slices)).toEqual(['Signed in as Adam Okafor']);
    const ended = { ...slices, session: { status: 'expired', person, because } as const };
    expect(announcements(slices, ended)).toContain('Your session has ended');
    expect(announcements(ended, ended)).toEqual([]);
  });
});

describe('time left', () => {
  it.each([
    [-1, 'ended'],
    [59_000, 'less than a minute left'],
    [61_000, '1 min left'],
    [16 * 3_600_000 + 12 * 60_000, '16 h 12 min left'],
    [24 * 3_600_000, '24 h left'],
    [72 * 3_600_000, '3 days left'],
    [7_299 * 24 * 3_600_000, '19 years left'],
  ])('%d ms reads %j', (ms, text) => expect(timeLeft(ms)).toBe(text));
});
