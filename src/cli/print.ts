// Everything that `banyan` writes: for people aligned text, with --json exactly one object on standard output.
import { ERRORS, explain, type WireError } from '../shared/errors.ts';

export interface Print {
  /** The result: an object for programs, lines for people. */
  result(value: object, lines: readonly string[]): void;
  /** On the way to a result. */
  event(value: { event: string } & Record<string, unknown>, lines: readonly string[]): void;
  /** Only for people. */
  note(text: string): void;
  error(error: WireError): void;
}

export function createPrint(json: boolean): Print {
  const out = (text: string): void => void process.stdout.write(`${text}\n`);
  const aside = (text: string): void => void process.stderr.write(`${text}\n`);
  return {
    result(value, lines) {
      if (json) out(JSON.stringify({ ok: true, ...value }));
      else for (const line of lines) out(line);
    },
    event(value, lines) {
      if (json) aside(JSON.stringify(value));
      else for (const line of lines) aside(line);
    },
    note(text) {
      if (!json) aside(text);
    },
    error(error) {
      if (!json) return aside(`banyan: ${explain(error)} [${error.code}]`);
      const { code, message, details } = error;
      const { advice } = ERRORS[code];
      return out(
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

/** Names come from the organisation: control characters would let it write all over the terminal. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}|\p{Cf}/gu, ' ');
