import { describe, expect, it } from 'vitest';
import {
  isLoopbackAddress,
  readListenAddress,
} from '../../../../src/shared/model/listen-address.ts';

describe('an address to listen at', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    [' 127.255.0.9 ', '127.255.0.9'],
    ['::1', '::1'],
    ['[::1]', '::1'],
  ])('%s is one that only this computer can reach', (typed, host) => {
    expect(readListenAddress(typed)).toEqual({ host });
    expect(isLoopbackAddress(host)).toBe(true);
  });

  it.each([
    ['', 'empty'],
    ['localhost', 'form'],
    ['127.1', 'form'],
    ['127.0.0.01', 'form'],
    ['127.0.0.256', 'form'],
    ['2130706433', 'form'],
    ['0.0.0.0', 'not-loopback'],
    ['192.168.1.5', 'not-loopback'],
    ['128.0.0.1', 'not-loopback'],
    ['::', 'not-loopback'],
    ['::ffff:127.0.0.1', 'not-loopback'],
    ['fe80::1', 'not-loopback'],
  ])('"%s" is not: %s', (typed, problem) => {
    expect(readListenAddress(typed)).toEqual({ problem });
    expect(isLoopbackAddress(typed)).toBe(false);
  });
});
