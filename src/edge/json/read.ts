// A file of JSON held against a schema: its value, or every problem with path, line and reason.
import { z } from '../../shared/schema.ts';
import { JsonError, type ParsedJson, parseJson, type Path } from './parse.ts';

export interface Problem {
  /** As people write it: `spec.backend.allow_patterns[0].cidrs[1]`; empty: the whole. */
  path: string;
  line: number;
  column: number;
  reason: string;
}

export type Read<Value> =
  | { ok: true; value: Value; json: ParsedJson }
  /** `json`: where it is JSON at least. */
  | { ok: false; problems: readonly Problem[]; json?: ParsedJson };

export function readJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
): Read<z.output<Schema>> {
  let json: ParsedJson;
  try {
    json = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return { ok: false, problems: [{ path: '', ...error.place, reason: error.message }] };
  }
  const result = schema.safeParse(json.value);
  if (result.success) return { ok: true, value: result.data, json };
  return { ok: false, problems: problemsOf(result.error, json), json };
}

/** Nobody mends more at once, and the place of each is looked for in the whole text. */
const MOST_PROBLEMS = 100;

/** In the order of the file. */
export const problemsOf = (error: z.ZodError, json: ParsedJson): Problem[] =>
  error.issues
    .slice(0, MOST_PROBLEMS)
    .flatMap((issue): Problem[] => {
      const path = issue.path.filter((part) => typeof part !== 'symbol');
      // Each of the names that are not known has a place of its own.
      const unknown = issue.code === 'unrecognized_keys' ? issue.keys : null;
      if (!unknown) {
        const isMissing =
          /^invalid_(?:type|union)$/.test(issue.code) && valueAt(json.value, path) === undefined;
        return [problemAt(path, isMissing ? 'is missing' : issue.message, json)];
      }
      const reasons = issue.message.split('\n');
      return unknown
        .slice(0, MOST_PROBLEMS)
        .map((name, at) => problemAt([...path, name], reasons[at] ?? '', json));
    })
    .toSorted((a, b) => a.line - b.line || a.column - b.column);

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (at, part) =>
      typeof at === 'object' && at !== null
        ? (at as Record<string | number, unknown>)[part]
        : undefined,
    value,
  );

export const problemAt = (path: Path, reason: string, json: ParsedJson): Problem => ({
  path: written(path),
  ...json.placeOf(path),
  reason,
});

/** An object that knows all of its names; another one is refused with the nearest that there is, a line for each. */
export const strict = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const names = Object.keys(shape);
      return issue.keys
        .map((key) => {
          const near = nearest(key, names);
          return `there is no "${key}" here; ${near ? `did you mean "${near}"?` : `known are ${names.join(', ')}`}`;
        })
        .join('\n');
    },
  });

/** The most alike, if it is alike at all. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, Math.ceil(word.length / 3)) ? best.candidate : null;
}

/** Levenshtein: how many letters to insert, remove or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of a.split('').entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

export const written = (path: Path): string =>
  path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');

/** Lines as a compiler writes them, so that editors jump there. */
export const problemLines = (file: string, problems: readonly Problem[]): string[] =>
  problems.map(({ path, line, column, reason }) =>
    [`${file}:${line}:${column}`, path, reason].filter((part) => part !== '').join(': '),
  );
