import { expect, it } from 'vitest';
import { byteWords, trafficWords } from '../../../../src/shared/model/traffic-words.ts';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [1_234, '1.2 kB'],
  [9_960, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [34_000_000, '34 MB'],
  [20_000_000_000, '20 GB'],
  [5_000_000_000_000_000, '5000 TB'],
])('%d bytes are %s', (bytes, words) => {
  expect(byteWords(bytes)).toBe(words);
});

it('says what a tunnel has carried', () => {
  expect(trafficWords({ connections: 1, bytesSent: 10, bytesReceived: 2_000 })).toBe(
    '1 connection, 10 B sent, 2.0 kB received',
  );
  expect(trafficWords({ connections: 0, bytesSent: 10, bytesReceived: 0 })).toBe(
    'no connection now, 10 B sent, 0 B received',
  );
});
