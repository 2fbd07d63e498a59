// What the organisation calls things, where the system draws it: one line, with nothing in it that turns its other words around
// or hides them, and no longer than anybody reads.

export function plainText(text: string, most: number): string {
  const characters = Array.from(text.replaceAll(/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu, ' '));
  return characters.length > most
    ? `${characters.slice(0, most - 1).join('')}…`
    : characters.join('');
}
