// What somebody may have meant who has mistyped a name.

/** The likest, at most three; none where nothing is like it. */
export function closest(wanted: string, names: readonly string[]): string[] {
  const word = wanted.toLowerCase();
  const most = Math.max(1, Math.floor(word.length / 3));
  return [...new Set(names)]
    .map((name) => ({ name, distance: distanceOf(word, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .toSorted((one, other) => one.distance - other.distance)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** Letters that are missing, too many, other ones or swapped; the beginning of a name is as good as the name. */
function distanceOf(wanted: string, name: string): number {
  if (wanted.length > 2 && name.startsWith(wanted)) return 0;
  let before: number[] = [];
  let row = Array.from({ length: name.length + 1 }, (_, index) => index);
  for (let at = 1; at <= wanted.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= name.length; to += 1) {
      const isSame = wanted[at - 1] === name[to - 1];
      const isSwapped = wanted[at - 1] === name[to - 2] && wanted[at - 2] === name[to - 1];
      next[to] = Math.min(
        (row[to] ?? 0) + 1,
        (next[to - 1] ?? 0) + 1,
        (row[to - 1] ?? 0) + (isSame ? 0 : 1),
        isSwapped && at > 1 && to > 1 ? (before[to - 2] ?? 0) + 1 : Infinity,
      );
    }
    before = row;
    row = next;
  }
  return row[name.length] ?? Infinity;
}
