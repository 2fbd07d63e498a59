import { execFileSync } from 'node:child_process';
import { array, assert, constantFrom, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine, quoted, shellOf } from '../../../../src/shared/model/quoting.ts';

const printed = (command: string): string[] =>
  execFileSync('sh', ['-c', command], { encoding: 'utf8', env: {} }).split('\0').slice(0, -1);

describe('quoting for a POSIX shell', () => {
  it('gives the program exactly the words, whatever is in them', () => {
    // What means something to some shell; and many words in each, as starting one is what takes the time.
    const unit = constantFrom(...Array.from(`'"$\`\\ \t\r\n;&|<>(){}[]*?~#!^=-%a1é😀\x01\x7f`));
    const words = array(string({ unit, maxLength: 12 }), { minLength: 20, maxLength: 20 });
    assert(
      property(words, (odd) => {
        expect(printed(commandLine('sh', ['printf', '%s\\0', ...odd]))).toEqual(odd);
      }),
      { numRuns: 5 },
    );
  });

  it.each(["it's", '$(id)', '`id`', '~', '-rf', '', ' ', '\n', '!!', '"', '\\', 'a=b', '#', '*'])(
    'keeps %j one word',
    (word) => {
      expect(printed(commandLine('sh', ['printf', '%s\\0', word]))).toEqual([word]);
    },
  );

  it('sets a variable for this program alone', () => {
    const command = commandLine('sh', ['sh', '-c', 'printf "%s\\0" "$odd"'], { odd: "it's $1" });
    expect(printed(`${command}; printf '%s\\0' "$odd"`)).toEqual(["it's $1", '']);
  });

  it('leaves plain words as people write them', () => {
    const words = ['ssh', '-p', '22', 'dana@host.corp', '--host=::1', '/a/b.c'];
    expect(commandLine('sh', words)).toBe(words.join(' '));
  });
});

describe('quoting for PowerShell', () => {
  it.each([
    ['C:\\Users\\dana\\x.pem', 'C:\\Users\\dana\\x.pem'],
    ['C:\\Users\\Dana O’Hara', "'C:\\Users\\Dana O’’Hara'"],
    ["it's", "'it''s'"],
    ['$env:PATH', "'$env:PATH'"],
    ['a;b', "'a;b'"],
    ['a`b', "'a`b'"],
    ['@x', "'@x'"],
    ['a,b', "'a,b'"],
    ['', "''"],
  ])('writes %j as %s', (word, written) => {
    expect(quoted(word, 'powershell')).toBe(written);
  });

  it('is what Windows has', () => {
    expect([shellOf('win32'), shellOf('linux'), shellOf('darwin')]).toEqual([
      'powershell',
      'sh',
      'sh',
    ]);
  });
});
