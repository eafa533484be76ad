// Why this exists: staged changes of a node's network are told as `diff -u` tells them.

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly line: string;
}

const contextLines = 3;

/** The difference of a file and its successor (`NAME.new`); empty when there is none. */
export function unifiedDiff(name: string, before: string, after: string): string {
  const edits = editsOf(linesOf(before), linesOf(after));
  if (edits.every(({sign}) => sign === ' ')) {
    return '';
  }
  return [`--- ${name}`, `+++ ${name}.new`, ...hunks(edits), ''].join('\n');
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** By the longest common subsequence; removals come before additions. */
function editsOf(before: readonly string[], after: readonly string[]): readonly Edit[] {
  const width = after.length + 1;
  const common = new Uint32Array((before.length + 1) * width);
  const at = (row: number, column: number): number => common[row * width + column] ?? 0;
  for (let row = before.length - 1; row >= 0; row -= 1) {
    for (let column = after.length - 1; column >= 0; column -= 1) {
      common[row * width + column] =
        before[row] === after[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const edits: Edit[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    const [old, fresh] = [before[row], after[column]];
    if (old !== undefined && old === fresh) {
      edits.push({sign: ' ', line: old});
      row += 1;
      column += 1;
    } else if (old !== undefined && at(row + 1, column) >= at(row, column + 1)) {
      edits.push({sign: '-', line: old});
      row += 1;
    } else {
      edits.push({sign: '+', line: fresh ?? ''});
      column += 1;
    }
  }
  return edits;
}

function hunks(edits: readonly Edit[]): readonly string[] {
  const isNear = edits.map((_, index) =>
    edits
      .slice(Math.max(0, index - contextLines), index + contextLines + 1)
      .some(({sign}) => sign !== ' '),
  );
  const lines: string[] = [];
  let [old, fresh] = [1, 1];
  let start = 0;
  while (start < edits.length) {
    let end = start;
    while (isNear[end] === true) end += 1;
    const part = edits.slice(start, end);
    if (part.length > 0) {
      const [removed, added] = [count(part, '+'), count(part, '-')];
      lines.push(`@@ -${old},${removed} +${fresh},${added} @@`);
      lines.push(...part.map(({sign, line}) => `${sign}${line}`));
    }
    const passed = edits.slice(start, Math.max(end, start + 1));
    old += count(passed, '+');
    fresh += count(passed, '-');
    start += passed.length;
  }
  return lines;
}

/** How many lines there are that have not this sign. */
function count(edits: readonly Edit[], but: Edit['sign']): number {
  return edits.filter(({sign}) => sign !== but).length;
}
