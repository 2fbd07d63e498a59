// The one place that writes to the terminal: for people aligned text, with --json exactly one object on standard output.
import { explain, remedy, type WireError } from '../shared/errors.ts';

export const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
export const printError = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

export interface Print {
  /** The result: an object for programs, lines for people. */
  result(value: object, lines: readonly string[]): void;
  /** One of many, where no single result ends them. */
  line(value: object, text: string): void;
  /** Only for people. */
  note(text: string): void;
  error(error: WireError & { problems?: readonly object[] }): void;
}

export function createPrint(json: boolean): Print {
  const out = (text: string): void => print(printable(text));
  return {
    result(value, lines) {
      if (json) print(escaped(JSON.stringify({ ok: true, ...value })));
      else for (const line of lines) out(line);
    },
    line(value, text) {
      if (json) print(escaped(JSON.stringify(value)));
      else out(text);
    },
    note(text) {
      if (!json) printError(printable(text));
    },
    error(error) {
      if (!json) {
        // Of a document: a line for each problem, so that editors find them.
        const [last = '', ...before] = explained(error).toReversed();
        for (const line of before.toReversed()) printError(printable(line));
        return printError(printable(`banyan-edge: ${last} [${error.code}]`));
      }
      const { code, message, details, problems } = error;
      const { advice } = remedy(error);
      return print(
        escaped(
          JSON.stringify({
            ok: false,
            error: {
              code,
              message,
              advice,
              ...(details && { details }),
              ...(problems && { problems }),
            },
          }),
        ),
      );
    },
  };
}

function explained(error: WireError): string[] {
  const lines = error.message.split('\n');
  const isListOfProblems = error.details?.['line'] !== undefined;
  return isListOfProblems ? [...lines, remedy(error).advice] : [explain(error)];
}

/** Columns of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, cell.length);
    }
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** With a heading; `none` where there is nothing. */
export const listing = (
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
): string[] => (rows.length === 0 ? [none] : table([heading, ...rows]));

/** Seconds since the epoch as people read it; empty for 0. */
export const moment = (seconds: number): string =>
  seconds === 0 ? '' : new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ');

const CONTROL = /\p{Cc}|\p{Cf}/gu;

/** One line without control characters: names and reasons come from devices, which must not write all over a terminal. */
const printable = (text: string): string => text.replaceAll(CONTROL, ' ');

/** The same for JSON, which loses nothing by it. */
const escaped = (text: string): string =>
  text.replaceAll(CONTROL, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
