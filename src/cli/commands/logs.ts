// banyan logs: from the file, so that it can be read while nothing runs, and after something did not.
import { open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { layout } from '../../main/client/settings/layout.ts';
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
  let at = written.end;
  while (!over.signal.aborted) {
    await wait(LOOK_EVERY_MS);
    const more = await readFrom(file, at);
    for (const { value, text } of linesOf(more.bytes)) print.line(value, text);
    at = more.end;
  }
};

/** Whole lines behind that place; a file that has become shorter is a new one, and begins at 0. */
async function readFrom(file: string, at: number): Promise<{ bytes: Buffer; end: number }> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const from = size < at ? 0 : at;
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    const whole = bytes.subarray(0, bytes.subarray(0, bytesRead).lastIndexOf(10) + 1);
    return { bytes: whole, end: from + whole.length };
  } catch {
    return { bytes: Buffer.alloc(0), end: at }; // between the old file and the new one there is none
  }
}

const linesOf = (bytes: Buffer) =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => readLogLine(line));
