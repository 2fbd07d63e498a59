// A person's own file, which editors and other tools write too.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { editPersonFile } from '../../../../../src/main/client/integrations/person-file.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const OURS = 'ours\n';
const hasOurs = (content: string): boolean => content.startsWith(OURS);
const put = (content: string | null): string => OURS + (content ?? '');
const takeOut = (content: string | null): string | null =>
  content?.startsWith(OURS) ? content.slice(OURS.length) : content;

function aFile(content: string | null) {
  const folder = tempDir();
  const file = path.join(folder, 'config');
  if (content !== null) writeFileSync(file, content);
  return { folder, file, read: () => readFileSync(file, 'utf8') };
}

describe('a file of the person', () => {
  it('that changes while we think keeps both changes', async () => {
    const { file, read } = aFile('a\n');
    let times = 0;
    const edit = (content: string | null): string => {
      times += 1;
      if (times === 1) writeFileSync(file, 'a\nb\n');
      return put(content);
    };
    await editPersonFile(file, edit, hasOurs);
    expect(read()).toBe(`${OURS}a\nb\n`);
    expect(times).toBe(2);
  });

  it('that appears while we think is not replaced', async () => {
    const { file, read } = aFile(null);
    let isFirst = true;
    await editPersonFile(
      file,
      (content) => {
        if (isFirst) writeFileSync(file, 'hers\n');
        isFirst = false;
        return put(content);
      },
      hasOurs,
    );
    expect(read()).toBe(`${OURS}hers\n`);
  });

  it('that never rests is left as it is, and that is said', async () => {
    const { file, read, folder } = aFile('0');
    let count = 0;
    const edit = (content: string | null): string => {
      writeFileSync(file, `${(count += 1)}`);
      return put(content);
    };
    await expect(editPersonFile(file, edit, hasOurs)).rejects.toMatchObject({
      code: 'client/storage-failed',
    });
    expect(read()).toBe(`${count}`);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('that is to go is not removed with what was added a moment before', async () => {
    const { file, read } = aFile(OURS);
    let isFirst = true;
    await editPersonFile(
      file,
      (content) => {
        if (isFirst) writeFileSync(file, `${OURS}hers\n`);
        isFirst = false;
        return takeOut(content) || null;
      },
      hasOurs,
    );
    expect(read()).toBe('hers\n');
  });

  it('is kept once as it was before our first change, whatever she writes since', async () => {
    const { file, read, folder } = aFile('a\n');
    const backup = `${file}.before-banyan`;
    await editPersonFile(file, put, hasOurs);
    writeFileSync(file, `${read()}b\n`);
    await editPersonFile(file, (content) => `${content ?? ''}c\n`, hasOurs);
    expect(readFileSync(backup, 'utf8')).toBe('a\n');
    await editPersonFile(file, takeOut, hasOurs);
    expect(read()).toBe('a\nb\nc\n');
    expect(readdirSync(folder).toSorted()).toEqual(['config', 'config.before-banyan']);
  });

  it('that we have made has nothing to be kept', async () => {
    const { file, read } = aFile(null);
    await editPersonFile(file, put, hasOurs);
    writeFileSync(file, `${read()}b\n`);
    await editPersonFile(file, takeOut, hasOurs);
    expect(read()).toBe('b\n');
    expect(existsSync(`${file}.before-banyan`)).toBe(false);
  });
});
