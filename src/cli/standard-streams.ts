// Standard input and output as one stream.
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { Duplex } from 'node:stream';

const STDOUT = 1;

/** Its end reaches whoever reads standard output: an ssh would wait for it for good. */
export function standardStreams(): Duplex {
  const { stdin, stdout } = process;
  // Node keeps the descriptor open, and only a socket can be told of an end without closing it. Its number is taken again
  // at once: the next thing to be opened must not become our standard output.
  stdout.once('finish', () => {
    closeSync(STDOUT);
    openSync(devNull, 'w');
  });
  return Duplex.from({ readable: stdin, writable: stdout });
}
