// One line of the log file: an object for programs, aligned words for people.

export interface ReadLine {
  value: object;
  text: string;
}

export function readLogLine(line: string): ReadLine {
  const fields = parse(line);
  if (!fields) return { value: { message: line }, text: line };
  const { time, level, message, ...rest } = fields;
  const facts = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const head = [time, word(level).toUpperCase().padEnd(5), message].map(word).join('  ');
  return { value: fields, text: [head, ...facts].join('  ') };
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
