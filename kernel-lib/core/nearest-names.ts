/** @file The names of a list that look most like a name that is not in it, for error messages. */

/** Characters of a name that are compared. */
const COMPARED = 64;

/** The `count` names of `names` that are nearest to `name` in letters changed, added or left out; the nearest first. Case does not count. */
export function nearestNames(name: string, names: Iterable<string>, count = 5): string[] {
  const wanted = letters(name);
  return [...names]
    .map((other) => ({ other, edits: editDistance(wanted, letters(other)) }))
    .sort((a, b) => a.edits - b.edits)
    .slice(0, count)
    .map(({ other }) => other);
}

const letters = (name: string): readonly string[] => [...name.slice(0, COMPARED).toLowerCase()];

/** Levenshtein's distance. */
function editDistance(a: readonly string[], b: readonly string[]): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, letter] of a.entries()) {
    const next = [i + 1];
    for (const [j, other] of b.entries()) next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (letter === other ? 0 : 1)));
    row = next;
  }
  return row[b.length];
}
