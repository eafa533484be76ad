// Why this exists: each field of each guest has a place, and of ten thousand guests hardly one is
// ever asked for it. Three numbers a field are kept, and the ranges are made when somebody asks.
import type {Desired, SourceRange} from '../core/model.ts';
import {onDemand} from './on-demand.ts';
import {type LocatedText, rangeAt} from './places.ts';

/** Lists of paths that several guests share, by their text. */
export type Shapes = Map<string, readonly string[]>;

/** The same Desired, whose ranges cost little until they are looked at. */
export function withCompactRanges(
  desired: Desired,
  texts: ReadonlyMap<string, LocatedText>,
  shapes: Shapes,
): Desired {
  const paths = shared(Object.keys(desired.ranges), shapes);
  const files: LocatedText[] = [];
  const numbers = new Int32Array(paths.length * 3);
  for (const [index, path] of paths.entries()) {
    const range = desired.ranges[path];
    const located = range === undefined ? undefined : texts.get(range.file);
    if (range === undefined || located === undefined) return desired;
    if (!files.includes(located)) files.push(located);
    numbers.set([files.indexOf(located), range.start.offset, range.end.offset], index * 3);
  }
  return withRanges(copied(desired, desired.dependsOn), {paths, files, numbers});
}

/** The same Desired with other dependencies; its ranges are still made only when asked for. */
export function withDependencies(desired: Desired, dependsOn: Desired['dependsOn']): Desired {
  return withSameRanges(copied(desired, dependsOn), desired);
}

interface Compact {
  readonly paths: readonly string[];
  readonly files: readonly LocatedText[];
  /** For each path: which file, start, end. */
  readonly numbers: Int32Array;
}

const withRanges = onDemand('ranges', expanded);
const withSameRanges = onDemand('ranges', (desired: Desired) => desired.ranges);

function copied(desired: Desired, dependsOn: Desired['dependsOn']): Omit<Desired, 'ranges'> {
  const {key, kind, name, source, body, creation, directives, labels} = desired;
  const {protection, claims, range} = desired;
  const head = {key, kind, name, source, body, creation, directives, labels};
  return {...head, dependsOn, protection, claims, range};
}

function shared(paths: readonly string[], shapes: Shapes): readonly string[] {
  const text = paths.join('\n');
  const known = shapes.get(text);
  if (known !== undefined) return known;
  shapes.set(text, paths);
  return paths;
}

function expanded({paths, files, numbers}: Compact): Desired['ranges'] {
  const ranges: {[path: string]: SourceRange} = {};
  for (const [index, path] of paths.entries()) {
    const [file = 0, start = 0, end = 0] = numbers.subarray(index * 3, index * 3 + 3);
    const located = files[file];
    if (located !== undefined) ranges[path] = rangeAt(located, start, end);
  }
  return ranges;
}
