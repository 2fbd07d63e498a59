import { describe, expect, it } from 'vitest';
import {
  BANYAN_HELP,
  helpOf,
  parseBanyanArguments,
  parsePort,
} from '../../../src/cli/banyan-arguments.ts';
import { COMMANDS } from '../../../src/cli/command-table.ts';

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
    expect(parseBanyanArguments(['--help'])).toEqual({ help: BANYAN_HELP });
    expect(parseBanyanArguments(['connect', '-h'])).toEqual({ help: helpOf('connect') });
    expect(parseBanyanArguments(['--help', 'connect', 'a', 'b'])).toEqual({
      help: helpOf('connect'),
    });
    expect(parseBanyanArguments(['--version'])).toBe('version');
    expect(parseBanyanArguments(['help'])).toEqual({ help: BANYAN_HELP });
    expect(parseBanyanArguments(['help', 'connect'])).toEqual({ help: helpOf('connect') });
  });

  it.each([
    ['conect', /Did you mean "connect"\?/],
    ['stauts', /Did you mean "status"\?/],
    ['service', /Did you mean "services"\?/],
    ['xyzzy', /no command "xyzzy"\. banyan --help/],
  ])('guesses what was meant by %s', (typed, words) => {
    expect(() => parseBanyanArguments([typed])).toThrow(words);
    expect(() => parseBanyanArguments(['help', typed])).toThrow(words);
  });

  it('is told command by command: usage, every option, exit codes', () => {
    expect(helpOf('connect')).toBe(
      [
        'Usage: banyan connect <service> [--port N] [--address ADDRESS] [--foreground]',
        '',
        'Open the local port of a service.',
        '',
        '  --port N           Use this local port, and keep it for the service, as banyan override does.',
        '  --address ADDRESS  Listen there, at an address of this computer alone: 127.0.0.1, another 127.*, or ::1.',
        '  --foreground       Stay until Ctrl-C, and disconnect then.',
        '  --json             Print one JSON object instead of text for people.',
        '  --help             This text.',
        '',
        'Exit status: 0 ok, 1 failed, 2 usage, 3 registration or sign-in needed, 4 denied, 5 port in use.',
        '',
      ].join('\n'),
    );
    for (const name of Object.keys(COMMANDS) as (keyof typeof COMMANDS)[]) {
      const help = helpOf(name);
      const facts = COMMANDS[name];
      for (const option of 'options' in facts ? Object.keys(facts.options) : []) {
        expect(help.split(`--${option}`).length, `${name} --${option}`).toBeGreaterThan(2);
      }
      expect(help.split('\n').every((line) => line.length <= 140)).toBe(true);
      expect(BANYAN_HELP).toContain(help.split('\n')[0]?.replace('Usage: banyan ', '  '));
    }
  });

  const wrong = [
    ['frob'],
    ['frob', '--help'],
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

  it('knows orgs, and its help', () => {
    expect(parseBanyanArguments(['orgs', '--json'])).toMatchObject({ command: 'organisations' });
    expect(parseBanyanArguments(['help', 'orgs'])).toEqual(
      parseBanyanArguments(['organisations', '--help']),
    );
  });

  it('reads ports strictly', () => {
    expect(parsePort('9000')).toBe(9000);
    for (const text of ['0', '65536', '-1', '0x50', '80 ', '1e3', '']) {
      expect(() => parsePort(text)).toThrow(refused);
    }
  });
});
