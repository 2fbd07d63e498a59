// JSON (RFC 8259) that remembers where each value stands, for messages with a line: files that people write have
// mistakes that `JSON.parse` cannot place. Stricter in one thing: a name that comes twice is refused, since one of the
// two would silently not count.

export interface Place {
  line: number;
  column: number;
}

export type Path = readonly (string | number)[];

export interface ParsedJson {
  value: unknown;
  /** Of the nearest thing on the path that is there: what is missing has no place of its own. */
  placeOf(path: Path): Place;
}

export class JsonError extends Error {
  readonly place: Place;

  constructor(reason: string, place: Place) {
    super(reason);
    this.place = place;
  }
}

/** Deeper is no document of ours, and would exhaust the stack. */
const DEEPEST = 100;
/** More has no document of ours, and each is held against a schema and may be wrong in a place of its own. */
const MOST_VALUES = 10_000;
const SPACE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex -- RFC 8259 7: these have to be escaped
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /(?:true|false|null)\b/y;

/** Throws JsonError. */
export function parseJson(source: string): ParsedJson {
  // Editors of Windows put one there.
  const text = source.startsWith('\ufeff') ? source.slice(1) : source;
  const places = new Map<string, number>();
  let at = 0;
  let count = 0;

  const fail = (reason: string, offset = at): never => {
    throw new JsonError(reason, place(text, offset));
  };
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  const next = (): string => {
    take(SPACE);
    return text[at] ?? '';
  };
  const here = (): string => (at < text.length ? `"${text[at]}"` : 'the end of the file');

  const readString = (what: string): string => {
    const found = take(STRING) ?? fail(`${what} was expected, not ${here()}`);
    return JSON.parse(found) as string;
  };

  const readMembers = (path: Path): unknown => {
    const members = new Map<string, unknown>();
    at += 1;
    if (next() === '}') return ((at += 1), {});
    for (;;) {
      next();
      const start = at;
      const name = readString('a name in quotes');
      if (members.has(name)) fail(`"${name}" is given twice`, start);
      places.set(keyOf([...path, name]), start);
      if (next() !== ':') fail(`a colon was expected after "${name}", not ${here()}`);
      at += 1;
      members.set(name, readValue([...path, name]));
      if (next() === '}') break;
      if (text[at] !== ',') fail(`a comma or } was expected, not ${here()}`);
      at += 1;
    }
    at += 1;
    // Not by assignment: "__proto__" is a name as any other.
    return Object.fromEntries(members);
  };

  const readItems = (path: Path): unknown => {
    const items: unknown[] = [];
    at += 1;
    if (next() === ']') return ((at += 1), items);
    for (;;) {
      next();
      places.set(keyOf([...path, items.length]), at);
      items.push(readValue([...path, items.length]));
      if (next() === ']') break;
      if (text[at] !== ',') fail(`a comma or ] was expected, not ${here()}`);
      at += 1;
    }
    at += 1;
    return items;
  };

  const readValue = (path: Path): unknown => {
    if (path.length > DEEPEST) fail('it is nested too deeply');
    if ((count += 1) > MOST_VALUES) fail(`it has more than ${MOST_VALUES} values`);
    const first = next();
    if (first === '{') return readMembers(path);
    if (first === '[') return readItems(path);
    if (first === '"') return readString('a text');
    const simple = take(NUMBER) ?? take(WORD) ?? fail(`a value was expected, not ${here()}`);
    return JSON.parse(simple);
  };

  next();
  places.set(keyOf([]), at);
  const value = readValue([]);
  if (next() !== '') fail(`nothing more was expected, but there is ${here()}`);
  return {
    value,
    placeOf(path) {
      for (let length = path.length; length > 0; length -= 1) {
        const offset = places.get(keyOf(path.slice(0, length)));
        if (offset !== undefined) return place(text, offset);
      }
      return place(text, places.get(keyOf([])) ?? 0);
    },
  };
}

const keyOf = (path: Path): string => JSON.stringify(path);

function place(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}
