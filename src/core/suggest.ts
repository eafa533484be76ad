// Why this exists: a misspelt name is answered with the name that was probably meant, by every room
// in the same way.

/** Longer words are not compared: the work grows with the square of the length. */
const LONGEST = 64;

/**
 * The candidate nearest to the word, if it is near enough to be what was meant: at most a third of
 * its letters away (one for short words). Case and separators count as nothing.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length === 0 || word.length > LONGEST) return undefined;
  const folded = fold(word);
  let best: {readonly name: string; readonly distance: number} | undefined;
  for (const name of candidates) {
    if (name.length > LONGEST) continue;
    const target = fold(name);
    const limit = Math.max(1, Math.floor(Math.max(folded.length, target.length) / 3));
    const distance = folded === target ? 0 : editDistance(folded, target);
    if (distance > limit || (distance > 0 && distance >= target.length)) continue;
    if (best === undefined || distance < best.distance) best = {name, distance};
  }
  return best?.name;
}

function fold(word: string): string {
  return word.toLowerCase().replace(/[-_ ]/g, '');
}

/** Letters to insert, drop, replace or swap with the neighbour (optimal string alignment). */
export function editDistance(from: string, to: string): number {
  let older: number[] = [];
  let previous = Array.from({length: to.length + 1}, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (same ? 0 : 1),
      );
      if (row > 1 && column > 1 && swapped(from, to, row, column)) {
        cost = Math.min(cost, at(older, column - 2) + 1);
      }
      current.push(cost);
    }
    older = previous;
    previous = current;
  }
  return at(previous, to.length);
}

function swapped(from: string, to: string, row: number, column: number): boolean {
  return from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
