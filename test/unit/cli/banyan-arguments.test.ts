import { describe, expect, it } from 'vitest';
import { parseBanyanArguments, parsePort } from '../../../src/cli/banyan-arguments.ts';

const refused = expect.objectContaining({ code: 'usage/invalid-input' });

describe('the command line of banyan', () => {
  it('is a command, what it takes, and options', () => {
    expect(parseBanyanArguments(['connect', 'echo', '--port', '9000', '--json'])).toEqual({
      command: 'connect',
      positionals: ['echo'],
      values: { port: '9000', json: true },
    });
  });

  it('takes a fingerprint that begins with a dash', () => {
    expect(parseBanyanArguments(['register', 'host', '--fingerprint', '-abc', '--yes'])).toEqual({
      command: 'register',
      positionals: ['host'],
      values: { fingerprint: '-abc', yes: true },
    });
    expect(() => parseBanyanArguments(['register', 'host', '--fingerprint'])).toThrow(refused);
  });

  it('asks for help and version anywhere', () => {
    expect(parseBanyanArguments(['--help'])).toBe('help');
    expect(parseBanyanArguments(['connect', '-h'])).toBe('help');
    expect(parseBanyanArguments(['--version'])).toBe('version');
  });

  const wrong = [
    [],
    ['frob'],
    ['constructor'],
    ['connect'],
    ['connect', 'a', 'b'],
    ['status', '--port', '1'],
    ['login', '--nonsense'],
    ['override', 'echo'],
    ['override', 'echo', '9000', '--reset'],
  ];
  for (const argv of wrong) {
    it(`refuses "${argv.join(' ')}"`, () => {
      expect(() => parseBanyanArguments(argv)).toThrow(refused);
    });
  }

  it('reads ports strictly', () => {
    expect(parsePort('9000')).toBe(9000);
    for (const text of ['0', '65536', '-1', '0x50', '80 ', '1e3', '']) {
      expect(() => parsePort(text)).toThrow(refused);
    }
  });
});
