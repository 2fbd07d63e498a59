import { describe, expect, test } from 'vitest';
import { type Arguments, parseArguments } from '../../../../src/edge/commands/arguments.ts';
import { COMMANDS, type CommandFacts } from '../../../../src/edge/commands/table.ts';

const parse = (line: string): string | Arguments => parseArguments(line.split(' ').filter(Boolean));

/** What is printed instead of running. */
const help = (line: string): string => {
  const answer = parse(line);
  if (typeof answer !== 'string') throw new Error('no help');
  return answer;
};

test('a command of two words, its positionals and options', () => {
  const given = parse(
    'service create lab --domain a.b --allow-cidr 10.0.0.0/8 --allow-cidr ::1',
  ) as Arguments;
  expect(given.command).toBe('service create');
  expect(given.positionals).toEqual(['lab']);
  expect(given.text('domain')).toBe('a.b');
  expect(given.list('allow-cidr')).toEqual(['10.0.0.0/8', '::1']);
  expect([given.has('http-connect'), given.text('policy'), given.list('allow-port')]).toEqual([
    false,
    undefined,
    [],
  ]);
});

test.each([
  ['servise list', 'did you mean "service"'],
  ['service lst', 'did you mean "service list"'],
  ['xyzzy', 'banyan-edge --help'],
  ['role create a --grup b', 'did you mean --group?'],
  ['role create', 'used like this: banyan-edge role create <name>'],
  ['attach a b c', 'used like this: banyan-edge attach <policy> <service>'],
  ['user add a@b --password geheim', 'does not know --password'],
  ['demo --config x', 'does not know --config'],
])('%s is refused with what helps', (line, told) => {
  expect(() => parse(line)).toThrow(told);
});

describe('help', () => {
  test('names every command', () => {
    const text = help('--help');
    for (const name of Object.keys(COMMANDS)) expect(text).toContain(`  ${name}`);
  });

  test.each(Object.entries<CommandFacts>(COMMANDS))('of %s names every option', (name, facts) => {
    const text = help(`${name} --help`);
    for (const option of Object.keys(facts.options ?? {})) expect(text).toContain(`--${option}`);
    expect(text).toContain('Exit status');
  });

  test('of a word that begins several is that of all', () => {
    expect(help('device')).toContain('device unban <device>');
  });
});
