// One line of the log file: an object for programs, aligned words for people.

export interface ReadLine {
  value: object;
  text: string;
}

export function readLogLine(line: string): ReadLine {
  const fields = parse(line);
  if (!fields) return { value: { message: line }, text: line };
  const { time, level, message, ...rest } = fields;
  const facts = Object.entries(rest).map(([name, value]) => `${name}=${factText(value)}`);
  const head = [time, word(level).toUpperCase().padEnd(5), message].map(word).join('  ');
  return { value: fields, text: [head, ...facts].join('  ') };
}

/** Of an expected failure its words and its code; --json has what it came from. */
function factText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null && 'code' in value && !('stack' in value)) {
    if ('message' in value) return `${word(value.message)} [${word(value.code)}]`;
  }
  return JSON.stringify(value);
}

const word = (value: unknown): string => (typeof value === 'string' ? value : '');

function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null; // cut off by a full disk: shown as it is
  }
}
