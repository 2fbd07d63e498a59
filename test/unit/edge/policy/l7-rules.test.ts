import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, type AccessRule } from '../../../../src/edge/policy/decide.ts';
import {
  allowsRequest,
  deniesRequest,
  type L7Action,
  type L7Rule,
} from '../../../../src/edge/policy/l7-rules.ts';

const rule = (resources: string[], ...actions: L7Action[]): L7Rule => ({
  resources,
  actions: actions.length > 0 ? actions : ['*'],
});
const may = (rules: L7Rule[], line: string): boolean => {
  const [method = '', path = ''] = line.split(' ');
  const request = { method, path };
  return allowsRequest(rules, request) && !deniesRequest(rules, request);
};

describe('a rule for requests', () => {
  test.each<[string, L7Rule[], string, boolean]>([
    ['none: everything', [], 'DELETE /a', true],
    ['everything', [rule(['*'])], 'PROPFIND /a', true],
    ['a path', [rule(['/a'])], 'GET /a', true],
    ['a path, not below it', [rule(['/a'])], 'GET /a/b', false],
    ['a beginning', [rule(['/a*'])], 'GET /a/b', true],
    ['a beginning, elsewhere', [rule(['/a*'])], 'GET /b/a', false],
    ['an end', [rule(['*.css'])], 'GET /b/a.css', true],
    ['a part', [rule(['*secret*'])], 'GET /b/secret/a', true],
    ['an action', [rule(['*'], 'READ')], 'HEAD /a', true],
    ['another action', [rule(['*'], 'READ')], 'POST /a', false],
    ['CREATE', [rule(['*'], 'CREATE')], 'POST /a', true],
    ['UPDATE', [rule(['*'], 'UPDATE')], 'PATCH /a', true],
    ['UPDATE is no DELETE', [rule(['*'], 'UPDATE')], 'DELETE /a', false],
    ['WRITE', [rule(['*'], 'WRITE')], 'DELETE /a', true],
    ['WRITE is no READ', [rule(['*'], 'WRITE')], 'GET /a', false],
    ['a method that is no action', [rule(['*'], 'READ', 'WRITE')], 'PROPFIND /a', false],
    ['denied', [rule(['!/admin*', '*'])], 'GET /admin/x', false],
    ['not denied', [rule(['!/admin*', '*'])], 'GET /other', true],
    ['denied by a later rule', [rule(['*']), rule(['!/admin*'])], 'GET /admin', false],
    ['denied by an action', [rule(['*']), rule(['!/a'], 'DELETE')], 'DELETE /a', false],
    ['not denied by another', [rule(['*']), rule(['!/a'], 'DELETE')], 'GET /a', true],
    ['a denial alone allows nothing', [rule(['!/admin*'])], 'GET /other', false],
    ['denied, escaped', [rule(['!/admin*', '*'])], 'GET /%61dmin', false],
    ['denied, escaped in the rule', [rule(['!/caf%C3%A9', '*'])], 'GET /caf%c3%a9', false],
    ['denied, escaped in capitals', [rule(['!/caf%C3%89', '*'])], 'GET /café', false],
    ['an escaped star is a star', [rule(['!/%2A', '*'])], 'GET /b', true],
    ['denied, in capitals', [rule(['!/admin*', '*'])], 'GET /ADMIN', false],
    ['denied, around a corner', [rule(['!/admin*', '*'])], 'GET /a/../admin', false],
    ['denied, twice a slash', [rule(['!/admin*', '*'])], 'GET //admin', false],
    ['denied, escaped slash', [rule(['!/admin*', '*'])], 'GET /a%2f..%2fadmin', false],
    ['denied below, with a dot in between', [rule(['!/admin/*', '*'])], 'GET /admin./x', false],
    ['denied below, with a space in between', [rule(['!/admin/*', '*'])], 'GET /admin%20/x', false],
    ['denied, with a slash behind it', [rule(['!/admin', '*'])], 'GET /admin/', false],
    ['denied, with a dot behind it', [rule(['!/admin', '*'])], 'GET /admin.', false],
    ['denied, with a dot behind both', [rule(['!/admin.', '*'])], 'GET /Admin.', false],
    ['denied, with a space behind it', [rule(['!/admin', '*'])], 'GET /admin%20', false],
    ['denied below, without the slash', [rule(['!/admin/*', '*'])], 'GET /admin', false],
    ['denied with a slash, without it', [rule(['!/admin/', '*'])], 'GET /Admin', false],
    ['denied below, another name', [rule(['!/admin/*', '*'])], 'GET /administer', true],
    ['denied, before an escaped query', [rule(['!/admin', '*'])], 'GET /admin%3Fx', false],
    ['denied, before an escaped parameter', [rule(['!/admin', '*'])], 'GET /admin%3bx', false],
    ['denied, before an escaped fragment', [rule(['!/admin', '*'])], 'GET /admin%23x', false],
    ['denied, before a fragment', [rule(['!/admin', '*'])], 'GET /admin#x', false],
    ['an end that is a fragment', [rule(['*.css'])], 'GET /admin#.css', false],
    ['an end behind the end of a string', [rule(['*.css'])], 'GET /admin%00.css', false],
    ['an end behind the end of a line', [rule(['*.css'])], 'GET /admin%0a.css', false],
    ['denied, no escape at all', [rule(['!/admin*', '*'])], 'GET /%zz', false],
    [
      'denied by any action, by an odd method',
      [rule(['*']), rule(['!/a'], 'READ')],
      'LOCK /a',
      false,
    ],
    ['unclear, allowed by a path', [rule(['/open*'])], 'GET /open/../admin', false],
    ['unclear, where everything is allowed', [rule(['*'])], 'GET /a/../b', true],
  ])('%s', (_, rules, line, expected) => {
    expect(may(rules, line)).toBe(expected);
  });

  test('whatever else stands there, a denial wins, and nothing ever throws', () => {
    const resource = fc.string({ unit: fc.constantFrom(...'/*!ab.%2fA'.split('')) });
    const rules = fc.array(
      fc.record({
        resources: fc.array(resource, { maxLength: 4 }),
        actions: fc.array(fc.constantFrom<L7Action>('READ', 'WRITE', '*'), { maxLength: 2 }),
      }),
      { maxLength: 4 },
    );
    const path = fc
      .string({ unit: fc.constantFrom(...'/ab.%2fA'.split('')) })
      .map((rest) => `/${rest}`);
    fc.assert(
      fc.property(rules, path, fc.constantFrom('GET', 'POST', 'LOCK'), (some, at, method) => {
        may(some, `${method} ${at}`);
        expect(may([...some, rule([`!${at}`])], `${method} ${at}`)).toBe(false);
        expect(may([...some, rule(['!*'])], `${method} ${at}`)).toBe(false);
      }),
    );
  });
});

describe('in a decision', () => {
  const access = (l7: L7Rule[], more: Partial<AccessRule> = {}): AccessRule => ({
    roles: ['All'],
    trust_level: '',
    start_time: '',
    end_time: '',
    l7,
    ...more,
  });
  const ask = (rules: AccessRule[], path?: string, enforcing = true) =>
    decide({
      subject: {
        person: { email: 'dana@demo.example', groups: [] },
        device: { ownership: '', platform: '', serialNumber: '', trustLevel: 'Low' },
      },
      service: { enabled: true },
      policy: { access: rules, enforcing },
      roles: ['All', 'Other'].map((name) => ({
        name,
        group: name === 'All' ? [] : ['nobody'],
        email: [],
        device_ownership: [],
        platform: [],
        serial_numbers: [],
        mdm_present: false,
      })),
      now: 0,
      request: path === undefined ? undefined : { method: 'GET', path },
    });
  const denied = { allowed: false, code: 'resource' };

  test('any rule of a role that fits allows; a denial of any of them beats it, though its conditions fail', () => {
    expect(ask([access([rule(['/a'])]), access([rule(['/b'])])], '/b')).toEqual({ allowed: true });
    expect(ask([access([rule(['/a'])])], '/b')).toMatchObject(denied);
    const strict = access([rule(['!/b', '*'])], { trust_level: 'High' });
    expect(ask([strict, access([rule(['*'])])], '/b')).toMatchObject(denied);
    expect(ask([strict, access([rule(['*'])])], '/a')).toEqual({ allowed: true });
    const ofOthers = access([rule(['!/b'])], { roles: ['Other'] });
    expect(ask([ofOthers, access([rule(['*'])])], '/b')).toEqual({ allowed: true });
  });

  test('a permissive policy lets in and says what it would have done; without a request nothing is asked', () => {
    expect(ask([access([rule(['/a'])])], '/b', false)).toMatchObject({
      allowed: true,
      wouldDeny: { code: 'resource' },
    });
    expect(ask([access([rule(['/a'])])])).toEqual({ allowed: true });
  });
});
