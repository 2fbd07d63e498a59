import { describe, expect, it } from 'vitest';
import { formatInvite, parseInvite } from '../../../../src/shared/protocol/invite.ts';

const root = 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg';
const good = `banyan://register?org=demo.localhost%3A8440&code=7Q2M-K4XD-9TFA&root=${root}`;

describe('an invite', () => {
  it('is read back as it was written', () => {
    const invite = parseInvite(good);
    expect(invite).toEqual({
      organisation: { host: 'demo.localhost', port: 8440 },
      code: '7Q2M-K4XD-9TFA',
      rootFingerprint: root,
    });
    expect(formatInvite(invite)).toBe(good);
  });

  it('may be pasted with space around it', () => {
    expect(parseInvite(`  ${good}\n`).code).toBe('7Q2M-K4XD-9TFA');
  });

  const hostile: Record<string, string> = {
    'of another scheme': good.replace('banyan:', 'https:'),
    'for another action': good.replace('register', 'open'),
    'with a parameter twice': `${good}&code=ABCDEFGHJK`,
    'with a parameter of its own': `${good}&next=evil`,
    'without a fingerprint': good.replace(`&root=${root}`, ''),
    'with a short fingerprint': good.slice(0, -1),
    'with a user in the organisation': good.replace('demo.localhost', 'x%40demo.localhost'),
    'with a path in the organisation': good.replace('%3A8440', '%2Fx'),
    'with a broken escape': good.replace('%3A', '%'),
    'with a header in its code': good.replace('7Q2M-K4XD-9TFA', 'abcdefgh%0d%0aX:1'),
    'with a fragment': `${good}#x`,
    'that is far too long': `${good}${'x'.repeat(2000)}`,
    'that is empty': '',
  };
  for (const [what, link] of Object.entries(hostile)) {
    it(`${what} is refused`, () => {
      expect(() => parseInvite(link)).toThrow(
        expect.objectContaining({ code: 'device/invite-invalid' }),
      );
    });
  }
});
