import { describe, expect, it } from 'vitest';
import { addressesOf } from '../../../../src/main/client/adapters/system-machine.ts';
import { watchSurroundings } from '../../../../src/main/client/surroundings.ts';
import { recordingLog } from '../../../fakes/recording-log.ts';
import { scriptedMachine } from '../../../fakes/scripted-machine.ts';

function watched() {
  const machine = scriptedMachine();
  let checks = 0;
  const surroundings = watchSurroundings({
    clock: machine.clock,
    machine,
    log: recordingLog(),
    onChanged: () => (checks += 1),
  });
  return { machine, surroundings, checks: () => checks };
}

describe('what changes around a running client', () => {
  it('is nothing in an ordinary hour', () => {
    const { machine, checks } = watched();
    for (let second = 0; second < 3_600; second += 1) machine.pass(1_000);
    expect(checks()).toBe(0);
  });

  it.each([true, false])('is noticed 3 s after a sleep (counted: %s)', (isCounted) => {
    const { machine, checks } = watched();
    machine.pass(1_000);
    machine.sleep(3_600_000, isCounted);
    machine.pass(3_000);
    expect(checks()).toBe(1);
    machine.pass(60_000);
    expect(checks()).toBe(1);
  });

  it.each([3_600_000, -3_600_000, 6_000])('is noticed when the clock jumps by %d ms', (byMs) => {
    const { machine, checks } = watched();
    machine.setClock(byMs);
    machine.pass(3_000);
    expect(checks()).toBe(1);
  });

  it('is not a clock that is set by a little', () => {
    const { machine, checks } = watched();
    machine.setClock(1_500);
    machine.pass(60_000);
    expect(checks()).toBe(0);
  });

  it.each([
    [['eth0=10.0.0.8'], 1],
    [[], 1],
    [['wlan0=10.0.0.7'], 1],
    [['eth0=10.0.0.7', 'tun0=10.9.0.1'], 1],
    [['eth0=10.0.0.7'], 0],
  ])('is noticed when the network is %j', (network, expected) => {
    const { machine, checks } = watched();
    machine.network = network;
    machine.pass(3_000);
    expect(checks()).toBe(expected);
  });

  it('is not the order in which the system names its addresses', () => {
    const { machine, checks } = watched();
    machine.network = ['eth0=10.0.0.7', 'tun0=10.9.0.1'];
    machine.pass(10_000);
    machine.network = machine.network.toReversed();
    machine.pass(10_000);
    expect(checks()).toBe(1);
  });

  it('is checked once for all that happens within a second', () => {
    const { machine, surroundings, checks } = watched();
    machine.sleep(60_000, false);
    machine.network = [];
    for (let each = 0; each < 100; each += 1) surroundings.changed('told');
    machine.pass(1_000);
    expect(checks()).toBe(1);
  });

  it('is of no interest any more once nobody watches', () => {
    const { machine, surroundings, checks } = watched();
    surroundings.changed('told');
    surroundings.stop();
    machine.sleep(60_000, true);
    machine.pass(60_000);
    expect(checks()).toBe(0);
  });
});

it('loopback and link-local addresses are not part of the network', () => {
  const address = (text: string, internal = false) => ({
    address: text,
    netmask: '',
    mac: '',
    cidr: null,
    internal,
    ...(text.includes(':') ? { family: 'IPv6' as const, scopeid: 0 } : { family: 'IPv4' as const }),
  });
  expect(
    addressesOf({
      lo: [address('127.0.0.1', true), address('::1', true)],
      eth0: [address('10.0.0.7'), address('fe80::1'), address('2001:db8::7')],
      veth1: [address('fe80::abcd'), address('169.254.3.4')],
    }),
  ).toEqual(['eth0=10.0.0.7', 'eth0=2001:db8::7']);
});
