// banyan logs: from the file, so that it can be read while nothing runs, and after something did not.
import { readFile, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { layout } from '../../main/client/settings/layout.ts';
import { AppError } from '../../shared/errors.ts';
import { type Command, untilInterrupted } from '../context.ts';
import { readLogLine } from '../log-line.ts';

const LOOK_EVERY_MS = 300;

export const logs: Command = async ({ home, print, arguments: { values } }) => {
  const { log: file } = layout(home);
  const follows = Boolean(values['follow']);
  const written = await readFrom(file, 0);
  const lines = linesOf(written.bytes);
  if (!follows) {
    const texts = lines.length > 0 ? lines.map(({ text }) => text) : [`${file} is empty.`];
    return print.result({ file, lines: lines.map(({ value }) => value) }, texts);
  }
  for (const { value, text } of lines) print.line(value, text);
  const over = new AbortController();
  void untilInterrupted().then(() => over.abort());
  process.stdout.once('error', () => over.abort()); // nobody reads on
  let at = written.end;
  let size = await sizeOf(file);
  while (!over.signal.aborted) {
    await wait(LOOK_EVERY_MS);
    // Most looks find nothing new: only a size is asked for.
    if ((await sizeOf(file)) === size) continue;
    size = await sizeOf(file);
    const more = await readFrom(file, at);
    for (const { value, text } of linesOf(more.bytes)) print.line(value, text);
    at = more.end;
  }
};

/** Whole lines behind that place; a file that has become shorter is a new one, and begins at 0. */
async function readFrom(file: string, at: number): Promise<{ bytes: Buffer; end: number }> {
  const written = await readWhole(file);
  const from = written.length < at ? 0 : at;
  const end = Math.max(from, written.lastIndexOf(10) + 1);
  return { bytes: written.subarray(from, end), end };
}

/** It has a bounded size. Between the old file and the new one, and before the first line, there is none. */
async function readWhole(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0);
    throw new AppError('client/storage-failed', `Banyan could not read ${file}.`, {
      cause: error,
      details: { file },
    });
  }
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0, // none yet
  );

const linesOf = (bytes: Buffer) =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => readLogLine(line));
