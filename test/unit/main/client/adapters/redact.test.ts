import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createFileLog, formatLine } from '../../../../../src/main/client/adapters/log.ts';
import { readLogLine } from '../../../../../src/cli/log-line.ts';
import { AppError } from '../../../../../src/shared/errors.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1LWRhbmEifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ';
const pem = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMG\n-----END PRIVATE KEY-----';

describe('the log', () => {
  const secrets: Record<string, Record<string, unknown>> = {
    'a refresh token': { refresh_token: 'SECRET-1' },
    'an authorization header': { headers: { Authorization: 'Basic SECRET-1aaaaaa' } },
    'an invite code': { code: 'SECRET-1' },
    'a cookie': { cookie: 'SECRET-1' },
    'a token in a text': { text: `got ${jwt}` },
    'a key in an error': { error: new Error(`bad key ${pem}`) },
    'a code in an address': { url: 'http://127.0.0.1:1/callback?code=SECRET-1&state=SECRET-1' },
    'where a sign-in starts': {
      args: ['xdg-open', 'http://127.0.0.1:1/start/SECRET-1aaaaaaaaaaaaaa'],
    },
    'a cause': { error: new AppError('internal', 'x', { cause: new Error(`Bearer ${jwt}`) }) },
  };
  for (const [what, fields] of Object.entries(secrets)) {
    it(`never holds ${what}`, () => {
      const line = formatLine('info', 'message', fields);
      expect(line).not.toMatch(/SECRET-1|MIGHAg|c2lnbmF0/);
      expect(() => JSON.parse(line) as unknown).not.toThrow();
    });
  }

  it('keeps error codes', () => {
    const error = new AppError('tunnel/denied', 'No.');
    expect(formatLine('warn', 'x', { error })).toContain('tunnel/denied');
  });

  it('says an expected failure in a line, and tells the places only of one that nobody foresaw', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const expected = new AppError('organisation/unreachable', 'Nothing answers.', { cause });
    const line = formatLine('warn', 'call refused or failed', { error: expected });
    expect(JSON.parse(line)).toMatchObject({
      error: {
        code: 'organisation/unreachable',
        message: 'Nothing answers.',
        cause: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
      },
    });
    expect(line).not.toContain('.test.ts');
    expect(readLogLine(line.trim()).text).toMatch(
      /call refused or failed {2}error=Nothing answers\. \[organisation\/unreachable\]$/,
    );
    for (const error of [new TypeError('x is undefined'), new AppError('internal', 'Broken.')]) {
      expect(formatLine('warn', 'x', { error })).toContain('redact.test.ts');
    }
  });

  it('starts a new file when the old one is large, and keeps one old one', () => {
    const file = path.join(tempDir(), 'logs', 'banyan.log');
    const log = createFileLog({ file, largestFile: 200 });
    for (let line = 0; line < 10; line += 1) log.info(`line ${line}`);
    expect(readFileSync(file, 'utf8')).toContain('line 9');
    expect(existsSync(`${file}.1`)).toBe(true);
    expect(existsSync(`${file}.2`)).toBe(false);
  });

  it('does not stop the client when it cannot be written', () => {
    const folder = tempDir();
    writeFileSync(path.join(folder, 'logs'), 'a file in the way');
    const log = createFileLog({ file: path.join(folder, 'logs', 'banyan.log') });
    expect(() => log.info('x')).not.toThrow();
  });
});
