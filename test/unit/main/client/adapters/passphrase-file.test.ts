import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { passphraseFromFile } from '../../../../../src/main/client/adapters/passphrase-file.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

function aFile(text: string, mode = 0o600): NodeJS.ProcessEnv {
  const file = path.join(tempDir(), 'passphrase');
  writeFileSync(file, text);
  chmodSync(file, mode);
  return { BANYAN_PASSPHRASE_FILE: file };
}

it('is the first line of the file', async () => {
  expect(await passphraseFromFile(aFile('correct horse\nmore\n'))).toBe('correct horse');
  expect(await passphraseFromFile({})).toBeNull();
});

it.each([
  ['that others may read', () => aFile('correct horse\n', 0o644)],
  ['that is empty', () => aFile('\n')],
  ['that is not there', () => ({ BANYAN_PASSPHRASE_FILE: '/nonexistent/passphrase' })],
])('comes from no file %s', async (_, environment) => {
  await expect(passphraseFromFile(environment())).rejects.toMatchObject({
    code: 'device/passphrase-needed',
  });
});
