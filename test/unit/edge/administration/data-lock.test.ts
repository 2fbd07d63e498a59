// What stands in the way of the control socket without being one is left alone.
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { lockData } from '../../../../src/edge/administration/data-lock.ts';
import { tempDir } from '../../../support/temp-dir.ts';

// A pipe of Windows is no file.
test.skipIf(process.platform === 'win32').each<[string, (name: string) => void]>([
  ['a file', (name) => writeFileSync(name, 'somebody’s')],
  ['a folder', (name) => mkdirSync(name)],
  ['a link', (name) => symlinkSync('elsewhere', name)],
])('%s in the place of the control socket is refused with a code, and stays', async (_, make) => {
  const data = tempDir();
  const name = path.join(data, 'control.sock');
  make(name);
  const before = lstatSync(name);
  const error = await lockData(data).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'edge/data-refused' });
  expect(String(error)).toContain('is no socket');
  expect(lstatSync(name).ino).toBe(before.ino);
  if (before.isFile()) expect(readFileSync(name, 'utf8')).toBe('somebody’s');
});
