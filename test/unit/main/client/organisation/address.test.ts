import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress, shortAddress } from '../../../../../src/main/client/organisation/address.ts';
import { AppError } from '../../../../../src/shared/errors.ts';

fc.configureGlobal({ seed: 1, numRuns: 500 });

const read = (text: string): string | null => {
  try {
    return shortAddress(parseAddress(text));
  } catch (error) {
    if (error instanceof AppError && error.code === 'device/address-invalid') return null;
    throw error;
  }
};

describe('the address of an organisation', () => {
  it.each([
    ['banyan.medsoft.example', 'banyan.medsoft.example'],
    ['  Banyan.Medsoft.Example:8440\n', 'banyan.medsoft.example:8440'],
    ['banyan.medsoft.example:443', 'banyan.medsoft.example'],
    ['https://banyan.medsoft.example/', 'banyan.medsoft.example'],
    ['HTTPS://banyan.medsoft.example:8440', 'banyan.medsoft.example:8440'],
    ['127.0.0.1:8440', '127.0.0.1:8440'],
    ['[::1]:8440', '[::1]:8440'],
    ['[0:0:0:0:0:0:0:1]', '[::1]'],
    ['xn--mnchen-3ya.example', 'xn--mnchen-3ya.example'],
  ])('may be given as %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    '',
    'banyan://register?org=a&code=b&root=c',
    'http://banyan.medsoft.example',
    'https://user@medsoft.example',
    'user:password@medsoft.example',
    'medsoft.example@evil.example',
    'medsoft.example/path',
    'https://medsoft.example//',
    'medsoft.example?x=1',
    'medsoft.example#x',
    'medsoft.example\\@evil.example',
    'medsoft.example:0',
    'medsoft.example:65536',
    'medsoft.example:+1',
    'medsoft.example:',
    'medsoft.example:80:80',
    'med soft.example',
    'medsoft.example\nevil.example',
    'münchen.example',
    'mеdsoft.example', // with a Cyrillic letter
    'medsoft．example', // full-width full stop, which URLs read as a dot
    '%6dedsoft.example',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    '[::1',
    '::1',
    '[fe80::1%25eth0]',
    '[1:2:3]',
    '.example',
    'medsoft..example',
    `${'a'.repeat(300)}.example`,
  ])('is not %j', (text) => {
    expect(read(text)).toBeNull();
  });

  it('is reached as it is shown, or refused, whatever is typed', () => {
    const label = fc.stringMatching(/^[A-Za-z0-9_-]{0,12}$/);
    const odd = fc.constantFrom('@', '/', '\\', '?', '#', ':', '%', '[', ']', ' ', '.', 'é', '。');
    const parts = fc.array(fc.oneof(label, odd, fc.constant('.'), fc.nat(70_000).map(String)), {
      maxLength: 8,
    });
    const typed = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      parts.map((all) => all.join('')),
      parts.map((all) => `https://${all.join('')}`),
      fc.ipV6().map((ip) => `[${ip}]`),
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
    );
    fc.assert(
      fc.property(typed, (text) => {
        const shown = read(text);
        if (shown === null) return;
        const url = new URL(`https://${shown}`);
        expect(url.host).toBe(shown);
        expect([url.username, url.password, url.pathname, url.search, url.hash]).toEqual([
          '',
          '',
          '/',
          '',
          '',
        ]);
        // Reading it again changes nothing.
        expect(read(shown)).toBe(shown);
      }),
    );
  });

  it('is read for every name and port', () => {
    const name = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?(\.[a-z]{2,8}){1,3}$/);
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        expect(parseAddress(`${host}:${port}`)).toEqual({ host, port });
      }),
    );
  });
});
