import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonError, parseJson } from '../../../../src/edge/json/parse.ts';

const refusal = (text: string): string => {
  try {
    parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const { line, column } = error.place;
    return `${line}:${column} ${error.message}`;
  }
  return 'accepted';
};

test('whatever JSON writes, it reads the same', () => {
  fc.assert(
    fc.property(fc.json(), fc.boolean(), (text, indented) => {
      const value: unknown = JSON.parse(text);
      expect(parseJson(indented ? JSON.stringify(value, null, 2) : text).value).toEqual(value);
    }),
  );
});

test('what JSON.parse refuses, it refuses, and nothing else', () => {
  const characters = fc.string({
    unit: fc.constantFrom(...'{}[]",:0123456789.eE+-\\untrfals \n'.split('')),
  });
  fc.assert(
    fc.property(characters, (text) => {
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      // Only this is stricter.
      const answer = refusal(text);
      if (!answer.includes('twice')) expect(answer === 'accepted').toBe(isJson);
    }),
    { numRuns: 500 },
  );
});

test('tells where each value stands, and of what is missing, where it would have been', () => {
  const json = parseJson('{\n  "a": {\n    "b": [1, {"c": 2}]\n  }\n}');
  expect(json.placeOf(['a'])).toEqual({ line: 2, column: 3 });
  expect(json.placeOf(['a', 'b', 1, 'c'])).toEqual({ line: 3, column: 15 });
  expect(json.placeOf(['a', 'd', 'e'])).toEqual({ line: 2, column: 3 });
  expect(json.placeOf(['x'])).toEqual({ line: 1, column: 1 });
});

describe('names line and column of', () => {
  test.each([
    // The second backend example of the HostedService article, as it is printed.
    ['{\n "hostnames": [\n  "*test.foo"\n ],\n}', '5:1 a name in quotes was expected, not "}"'],
    ['{"a": 1 "b": 2}', '1:9 a comma or } was expected, not """'],
    ['{"a" 1}', '1:6 a colon was expected after "a", not "1"'],
    ['{"a": tru}', '1:7 a value was expected, not "t"'],
    ['[1, 2', '1:6 a comma or ] was expected, not the end of the file'],
    ['{"a": 1, "a": 2}', '1:10 "a" is given twice'],
    ['{} x', '1:4 nothing more was expected, but there is "x"'],
    ['', '1:1 a value was expected, not the end of the file'],
    ["{'a': 1}", `1:2 a name in quotes was expected, not "'"`],
    ['['.repeat(5000), '1:102 it is nested too deeply'],
  ])('%j', (text, told) => {
    expect(refusal(text)).toBe(told);
  });
});

test('a name that every object has is a name as any other', () => {
  const value = parseJson('{"__proto__": {"polluted": true}}').value as object;
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect('polluted' in value).toBe(false);
});
