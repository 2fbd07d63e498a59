import { describe, expect, it } from 'vitest';
import { secretsWish } from '../../../src/main/secrets-wish.ts';
import { runClient } from '../../../src/main/run-client.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { tempDir } from '../../support/temp-dir.ts';

const refused = {
  code: 'usage/invalid-input',
  message: expect.stringContaining('keychain, file, memory') as unknown,
};

describe('BANYAN_SECRETS', () => {
  it('is one of the places that there are, or nothing', () => {
    expect(secretsWish({})).toBeUndefined();
    expect(secretsWish({ BANYAN_SECRETS: '' })).toBeUndefined();
    for (const kind of ['keychain', 'file', 'memory']) {
      expect(secretsWish({ BANYAN_SECRETS: kind })).toBe(kind);
    }
  });

  it.each(['foo', 'Memory', 'memory ', 'toString'])('%j is refused, with those', (wish) => {
    expect(() => secretsWish({ BANYAN_SECRETS: wish })).toThrow(expect.objectContaining(refused));
  });

  it('that is refused keeps every client from starting, and writes nothing', async () => {
    const home = path.join(tempDir(), 'home');
    const environment = { BANYAN_SECRETS: 'foo' };
    await expect(runClient({ home, environment })).rejects.toMatchObject(refused);
    expect(existsSync(home)).toBe(false);
  });
});
