// Why this exists: order and secrets come from references. One that leads nowhere, or in a circle,
// would only show as a guest that waits for ever.
import {isObject} from '../core/json.ts';
import type {SecretDeclaration} from '../core/kind.ts';
import type {Desired, Diagnostic, ResourceKey, SecretRef, SourceRange} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {bare, quoted} from '../core/visible.ts';
import {mistake} from './document.ts';
import {withDependencies} from './light.ts';

/** Desired with dependencies as keys, and what is wrong with the references. */
export interface Resolved {
  readonly desired: readonly Desired[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Resolves `dependsOn`: a kind may leave a key (`guest/150`), `Kind/name`, or a bare name there.
 * `broken` are the keys and names of documents with errors: they exist, so nothing dangles.
 */
export function resolveReferences(
  desired: readonly Desired[],
  broken: ReadonlySet<string>,
): Resolved {
  const index = indexOf(desired);
  const diagnostics: Diagnostic[] = [];
  const resolved = desired.map((one) => {
    if (one.dependsOn.length === 0) return one;
    const dependsOn = one.dependsOn.flatMap((reference, at) => {
      const found = resolve(one, reference, index, broken);
      if (found.kind === 'key') return [found.key];
      const range = referenceRange(one, reference, at);
      const {code, detail, remedy, suggestion} = found;
      diagnostics.push(mistake(code, {range, detail, remedy, suggestion, key: one.key}));
      return [];
    });
    return withDependencies(one, dependsOn);
  });
  return {desired: resolved, diagnostics: [...diagnostics, ...cycles(resolved)]};
}

interface Index {
  readonly keys: ReadonlySet<ResourceKey>;
  /** Keys by `Kind/name` and by bare name. */
  readonly names: ReadonlyMap<string, readonly ResourceKey[]>;
}

function indexOf(desired: readonly Desired[]): Index {
  const names = new Map<string, ResourceKey[]>();
  const add = (name: string, key: ResourceKey): void => {
    const keys = names.get(name);
    if (keys === undefined) names.set(name, [key]);
    else if (!keys.includes(key)) keys.push(key);
  };
  for (const {kind, name, key} of desired) {
    add(`${kind}/${name}`, key);
    add(name, key);
  }
  return {keys: new Set(desired.map(({key}) => key)), names};
}

type Found =
  | {readonly kind: 'key'; readonly key: ResourceKey}
  | {
      readonly kind: 'mistake';
      readonly code: 'reference-missing' | 'reference-self' | 'reference-ambiguous';
      readonly detail: string;
      readonly remedy: string;
      readonly suggestion?: string | undefined;
    };

function resolve(
  one: Desired,
  reference: string,
  index: Index,
  broken: ReadonlySet<string>,
): Found {
  const named = index.names.get(reference) ?? [];
  const [key = reference, second] = index.keys.has(reference) ? [reference] : named;
  if (second !== undefined) {
    const detail = `${quoted(reference)} is the name of ${named.join(' and of ')}.`;
    const remedy = 'Write the kind before the name, as in VirtualMachine/neo4j-db.';
    return {kind: 'mistake', code: 'reference-ambiguous', detail, remedy};
  }
  if (key === one.key) {
    const detail = `${quoted(reference)} is this manifest.`;
    return {kind: 'mistake', code: 'reference-self', detail, remedy: 'Delete it.'};
  }
  if (index.keys.has(key) || broken.has(reference)) return {kind: 'key', key};
  const suggestion = suggest(reference, index.names.keys());
  const detail = `Nothing in this source is called ${quoted(reference)}.`;
  const remedy = 'Write the metadata.name of a manifest, or delete the dependency.';
  return {kind: 'mistake', code: 'reference-missing', detail, remedy, suggestion};
}

/** A kind states the place of the list or of its items; both spellings are looked for. */
function referenceRange(one: Desired, reference: string, at: number): SourceRange {
  const {ranges} = one;
  const found = [`dependsOn.${at}`, `dependsOn/${at}`, `dependsOn.${reference}`, 'dependsOn'];
  for (const path of found) {
    const range = ranges[path];
    if (range !== undefined) return range;
  }
  return one.range;
}

/** A diagnostic for each manifest that is part of a circle; whatever the order of documents. */
function cycles(desired: readonly Desired[]): readonly Diagnostic[] {
  const edges = edgesOf(desired);
  const done = new Set<ResourceKey>();
  const circles = [...edges.keys()].sort().flatMap((key) => circlesFrom(key, edges, done));
  return circles.flatMap((circle) => {
    const members = desired.filter(({key}) => circle.includes(key));
    const names = circle.map((key) => members.find((one) => one.key === key)?.name ?? key);
    const shown = bare([...names, names[0] ?? ''].join(' → '));
    return members.map((one) => {
      const range = referenceRange(one, '', 0);
      const detail = `None of them could be first: ${shown}.`;
      const remedy = 'Delete one of the dependencies.';
      return mistake('reference-cycle', {range, detail, remedy, key: one.key});
    });
  });
}

type Edges = ReadonlyMap<ResourceKey, readonly ResourceKey[]>;

/** What each key depends on; where two manifests claim a key, what either says, in one order. */
function edgesOf(desired: readonly Desired[]): Edges {
  const edges = new Map<ResourceKey, readonly ResourceKey[]>();
  for (const {key, dependsOn} of desired) {
    const before = edges.get(key);
    const all = before === undefined ? dependsOn : [...new Set([...before, ...dependsOn])].sort();
    edges.set(key, all);
  }
  return edges;
}

type Path = {readonly key: ResourceKey; next: number}[];

/** The circles that are met from a key, each rotated to its least key. */
function circlesFrom(
  start: ResourceKey,
  edges: Edges,
  done: Set<ResourceKey>,
): readonly (readonly ResourceKey[])[] {
  // An explicit stack: a chain of ten thousand guests is no reason to overflow the machine's.
  const path: Path = done.has(start) ? [] : [{key: start, next: 0}];
  const onPath = new Set(path.map(({key}) => key));
  const circles: (readonly ResourceKey[])[] = [];
  for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
    const target = edges.get(top.key)?.[top.next];
    top.next += 1;
    if (target === undefined) {
      done.add(top.key);
      onPath.delete(top.key);
      path.pop();
    } else if (onPath.has(target)) {
      const keys = path.map(({key}) => key);
      circles.push(rotated(keys.slice(keys.indexOf(target))));
    } else if (!done.has(target)) {
      onPath.add(target);
      path.push({key: target, next: 0});
    }
  }
  return circles;
}

function rotated(circle: readonly ResourceKey[]): readonly ResourceKey[] {
  const least = circle.indexOf([...circle].sort()[0] ?? '');
  return least <= 0 ? circle : [...circle.slice(least), ...circle.slice(0, least)];
}

/** References to secrets that no Secret declares. */
export function checkSecretRefs(
  desired: readonly Desired[],
  secrets: readonly SecretDeclaration[],
  broken: ReadonlySet<string>,
): readonly Diagnostic[] {
  const keys = new Map<string, string[]>();
  for (const {name, key} of secrets) keys.set(name, [...(keys.get(name) ?? []), key]);
  return desired.flatMap((one) =>
    Object.entries(one.body).flatMap(([path, value]) => {
      const ref = secretRefOf(value);
      if (ref === null || broken.has(`Secret/${ref.name}`)) return [];
      const range = one.ranges[path] ?? one.range;
      return secretMistake(ref, keys, {range, key: one.key});
    }),
  );
}

function secretRefOf(value: unknown): SecretRef | null {
  if (!isObject(value) || !isObject(value['secretRef'])) return null;
  const {name, key} = value['secretRef'];
  return typeof name === 'string' && typeof key === 'string' ? {name, key} : null;
}

function secretMistake(
  ref: SecretRef,
  keys: ReadonlyMap<string, readonly string[]>,
  place: {readonly range: SourceRange; readonly key: ResourceKey},
): readonly Diagnostic[] {
  const declared = keys.get(ref.name);
  if (declared === undefined) {
    const suggestion = suggest(ref.name, keys.keys());
    const detail = `There is no Secret ${quoted(ref.name)} in this source.`;
    const remedy = 'Declare it: kind Secret, keys from the environment or from a file.';
    return [mistake('secret-missing', {...place, detail, remedy, suggestion})];
  }
  if (declared.includes(ref.key)) return [];
  const suggestion = suggest(ref.key, declared);
  const detail = `Secret ${quoted(ref.name)} has no key ${quoted(ref.key)}.`;
  const remedy = 'Add the key to the Secret, or write one that it has.';
  return [mistake('secret-key-missing', {...place, detail, remedy, suggestion})];
}
