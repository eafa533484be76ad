// Why this exists: files that import each other in a circle can only be tested and moved together,
// and start in an order that nobody chose. Circles of types alone do neither and may stand inside
// a room; between rooms the room table forbids them too.
import {importsOf} from './shape.ts';
import {isShipped, type Rule, resolveImport, type SourceFile, scanOf} from './source-file.ts';

/** The rule against circles of imports, between files and so between rooms. */
export const cycleRule: Rule = {
  name: 'cycles',
  because: 'imports point one way: a file is understood without those that use it',
  check: (files) => {
    const graph = graphOf(files.filter(isShipped));
    return findCycles(graph).map((cycle) => ({
      path: cycle[0] ?? '',
      line: 1,
      what: `imports itself through ${cycle.slice(1).join(' → ')}`,
    }));
  },
};

type Graph = ReadonlyMap<string, readonly string[]>;

function graphOf(files: readonly SourceFile[]): Graph {
  const known = new Set(files.map(({path}) => path));
  const edges = (file: SourceFile) =>
    importsOf(scanOf(file).tokens)
      .filter(({typeOnly}) => !typeOnly)
      .map(({specifier}) => resolveImport(file.path, specifier))
      .filter((target) => target !== null)
      .filter((target) => known.has(target));
  return new Map(files.map((file) => [file.path, edges(file)]));
}

/** One circle for each file that closes one, written from its first file back to it. */
function findCycles(graph: Graph): readonly (readonly string[])[] {
  const cycles: (readonly string[])[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): void => {
    const open = path.indexOf(node);
    if (open >= 0) {
      cycles.push([...path.slice(open), node]);
      return;
    }
    if (done.has(node)) return;
    path.push(node);
    for (const next of graph.get(node) ?? []) visit(next);
    path.pop();
    done.add(node);
  };
  for (const node of graph.keys()) visit(node);
  return cycles;
}
