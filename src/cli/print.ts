// Everything that `banyan` writes: for people aligned text, with --json exactly one object on standard output.
import { explain, remedy, type WireError } from '../shared/errors.ts';

export interface Print {
  /** The result: an object for programs, lines for people. */
  result(value: object, lines: readonly string[]): void;
  /** On the way to a result. */
  event(value: { event: string } & Record<string, unknown>, lines: readonly string[]): void;
  /** One of many on standard output, where no single result ends them. */
  line(value: object, text: string): void;
  /** Only for people. */
  note(text: string): void;
  error(error: WireError): void;
}

export function createPrint(json: boolean): Print {
  const write =
    (stream: 'stdout' | 'stderr', form: (text: string) => string) =>
    (text: string): void =>
      void process[stream].write(`${form(text)}\n`);
  const out = write('stdout', printable);
  const aside = write('stderr', printable);
  const object = write('stdout', escaped);
  const eventObject = write('stderr', escaped);
  return {
    result(value, lines) {
      if (json) object(JSON.stringify({ ok: true, ...value }));
      else for (const line of lines) out(line);
    },
    event(value, lines) {
      if (json) eventObject(JSON.stringify(value));
      else for (const line of lines) aside(line);
    },
    line(value, text) {
      if (json) object(JSON.stringify(value));
      else out(text);
    },
    note(text) {
      if (!json) aside(text);
    },
    error(error) {
      if (!json) return aside(`banyan: ${explain(error)} [${error.code}]`);
      const { code, message, details } = error;
      const { advice } = remedy(error);
      return object(
        JSON.stringify({
          ok: false,
          error: { code, message, advice, ...(details && { details }) },
        }),
      );
    },
  };
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

const CONTROL = /\p{Cc}|\p{Cf}/gu;

/**
 * One line without control characters. Names and reasons come from the organisation: with them it could write all over
 * the terminal, or to the clipboard. Applied to everything that is printed, so that nobody has to think of it.
 */
export const printable = (text: string): string => text.replaceAll(CONTROL, ' ');

/** The same for JSON, which loses nothing by it: JSON itself escapes only those below U+0020. */
const escaped = (text: string): string =>
  text.replaceAll(CONTROL, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
