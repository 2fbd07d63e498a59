import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeFolders } from '../../../src/main/storage.ts';

let place: string;
beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'banyan-folders-'));
});
afterEach(() => rm(place, { recursive: true, force: true }));

it('makes a private folder and those above it, and is content with one that is there', async () => {
  const folder = path.join(place, 'a', 'b', 'c');
  await Promise.all([makeFolders(folder), makeFolders(folder)]);
  await makeFolders(folder);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
});

it('says where nothing can be made', async () => {
  const file = path.join(place, 'file');
  await writeFile(file, '');
  for (const folder of [file, path.join(file, 'x')]) {
    await expect(makeFolders(folder)).rejects.toMatchObject({ code: 'client/storage-failed' });
  }
});

it.skipIf(process.platform !== 'linux')(
  'does not try for ever (skipped where there is no /proc)',
  async () => {
    await expect(makeFolders('/proc/banyan/x')).rejects.toMatchObject({
      code: 'client/storage-failed',
    });
  },
);
