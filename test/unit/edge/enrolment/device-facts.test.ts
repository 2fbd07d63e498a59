import { expect, test } from 'vitest';
import { readDeviceFacts } from '../../../../src/edge/enrolment/device-facts.ts';

const facts = (change: Record<string, unknown> = {}) =>
  readDeviceFacts(
    JSON.stringify({ name: ' thinkpad ', ownership: 'Other', platform: 'linux', ...change }),
  );

test('platforms get the names that roles use', () => {
  expect(facts()).toEqual({
    name: 'thinkpad',
    ownership: 'Other',
    platform: 'Linux',
    serial_number: '',
  });
  expect(facts({ platform: 'Darwin' })?.platform).toBe('macOS');
  expect(facts({ platform: 'Plan 9' })?.platform).toBe('Plan 9');
});

test.each(['__proto__', 'constructor', 'toString'])(
  'a platform that calls itself %s is that text',
  (platform) => {
    expect(facts({ platform })?.platform).toBe(platform);
  },
);

test.each(['name', 'platform', 'serial_number'])('half a character in %s is refused', (field) => {
  expect(facts({ [field]: 'a\ud800b' })).toBeNull();
  expect(facts({ [field]: 'a\u{1f600}b' })).not.toBeNull();
});
