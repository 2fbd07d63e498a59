// Everything that `banyan` writes: for people aligned text, with --json exactly one object on standard output.
import { explain, remedy, type WireError } from '../shared/errors.ts';

/** Shown as a colour where a person looks at a terminal that has some; the words say the same without. */
export type Tone = 'good' | 'bad' | 'faint';
export type Cell = string | { text: string; tone: Tone };
export type Line = string | readonly Cell[];

export interface Print {
  /** The result: an object for programs, lines for people. */
  result(value: object, lines: readonly Line[]): void;
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
  const out = (line: Line): void => void process.stdout.write(`${painted(line, process.stdout)}\n`);
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
      if (!json) {
        const line: Line = [toned('banyan:', 'bad'), ` ${explain(error)} [${error.code}]`];
        return void process.stderr.write(`${painted(line, process.stderr)}\n`);
      }
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

export const toned = (text: string, tone: Tone): Cell => ({ text, tone });
const textOf = (cell: Cell): string => (typeof cell === 'string' ? cell : cell.text);

const CODES: Record<Tone, number> = { good: 32, bad: 31, faint: 2 };

/** Not into a file or another program, and nowhere that NO_COLOR or TERM=dumb asks for none. */
function painted(line: Line, stream: NodeJS.WriteStream): string {
  if (typeof line === 'string') return printable(line);
  const hasColours = stream.isTTY && stream.hasColors();
  return line
    .map((cell) =>
      typeof cell === 'string' || !hasColours
        ? printable(textOf(cell))
        : `\u001b[${CODES[cell.tone]}m${printable(cell.text)}\u001b[0m`,
    )
    .join('');
}

function widthsOf(rows: readonly (readonly Cell[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, columnsOf(textOf(cell)));
    }
  }
  return widths;
}

/** Of East Asian scripts, full-width forms and emoji a terminal draws each character two columns wide. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Emoji_Presentation}\u3000-\u303e\u30a0-\u30ff\uff01-\uff60]/u;
const NO_COLUMN = /\p{Mark}/u;

/** How far a text reaches in a terminal. */
const columnsOf = (text: string): number =>
  Array.from(printable(text)).reduce(
    (sum, one) => sum + (NO_COLUMN.test(one) ? 0 : WIDE.test(one) ? 2 : 1),
    0,
  );

/** Columns of equal width, two spaces apart. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = widthsOf(rows);
  return rows.map((row) =>
    row
      .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - columnsOf(cell)))
      .join('  ')
      .trimEnd(),
  );
}

/** The same with tones. */
export function tonedTable(rows: readonly (readonly Cell[])[]): Cell[][] {
  const widths = widthsOf(rows);
  return rows.map((row) => {
    const last = row.findLastIndex((cell) => textOf(cell) !== '');
    return row
      .slice(0, last + 1)
      .flatMap((cell, index) =>
        index === last
          ? [cell]
          : [cell, ' '.repeat((widths[index] ?? 0) - columnsOf(textOf(cell)) + 2)],
      );
  });
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
