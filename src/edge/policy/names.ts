// Names that services answer to: exact, or `*.` in front of one, which stands for exactly one more label.

/** Both in small letters. */
export const coversName = (pattern: string, name: string): boolean =>
  pattern === name || (pattern.startsWith('*.') && name.replace(/^[^.]+/, '*') === pattern);
