// docs/mdm-config.schema.json: for the editors of administrators, from the very schema that reads their file.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import {
  decodeManagedFile,
  managedFile,
} from '../../../../../src/main/client/managed/managed-file.ts';
import { z } from '../../../../../src/shared/schema.ts';

const DOCS = path.resolve(import.meta.dirname, '../../../../../docs');
const title = 'mdm-config.json of Banyan';

it('is what the app reads; renewed by vitest -u', async () => {
  const { $schema, ...schema } = z.toJSONSchema(managedFile, { io: 'input' });
  // The app says unknown keys in its log, and goes on; an editor shows them while they are typed.
  const written = { $schema, title, ...schema, additionalProperties: false };
  await expect(`${JSON.stringify(written, null, 2)}\n`).toMatchFileSnapshot(
    path.join(DOCS, 'mdm-config.schema.json'),
  );
});

it('describes every key, and the article about it names every key', () => {
  const article = readFileSync(path.join(DOCS, 'how-to', 'deploy.md'), 'utf8');
  for (const [key, { description }] of Object.entries(managedFile.shape)) {
    expect(description, key).toBeTruthy();
    expect(article, key).toContain(`\`${key}\``);
  }
});

it('lets a file name it, which the app does not mind', () => {
  const file = { $schema: './mdm-config.schema.json', mdm_disable_auto_update: 'true' };
  expect(decodeManagedFile(JSON.stringify(file)).unknown).toEqual([]);
});
