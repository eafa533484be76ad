// Why this exists: what others build on comes first, deletes run in reverse, and an action whose
// dependency is not there yet waits for the pass after it (architecture.md).
import type {Action, Waiting} from '../core/action.ts';
import {diagnose} from '../core/diagnostic.ts';
import type {Diagnostic, ResourceKey} from '../core/model.ts';
import {PLAN_CODES} from './codes.ts';
import {compareKeys} from './keys.ts';

/** Dependencies by key: from Git where it declares the key, else from the record. */
export type Dependencies = ReadonlyMap<ResourceKey, readonly ResourceKey[]>;

/** Keys in the order in which they are made: dependencies first, else by key. */
interface Ordering {
  readonly keys: readonly ResourceKey[];
  /** Keys that depend on themselves, in whatever many steps. */
  readonly cyclic: readonly ResourceKey[];
}

/** Sorts topologically; members of a cycle come last, by key. */
function orderKeys(keys: readonly ResourceKey[], dependencies: Dependencies): Ordering {
  const left = new Set([...keys].sort(compareKeys));
  const missing = new Map<ResourceKey, number>();
  const dependants = new Map<ResourceKey, ResourceKey[]>();
  for (const key of left) {
    const needed = new Set((dependencies.get(key) ?? []).filter((other) => left.has(other)));
    missing.set(key, needed.size);
    for (const other of needed) add(dependants, other, key);
  }
  const done: ResourceKey[] = [];
  let ready = [...left].filter((key) => missing.get(key) === 0);
  while (ready.length > 0) {
    const next: ResourceKey[] = [];
    for (const key of ready) {
      done.push(key);
      left.delete(key);
      for (const dependant of dependants.get(key) ?? []) {
        const count = (missing.get(dependant) ?? 1) - 1;
        missing.set(dependant, count);
        if (count === 0) next.push(dependant);
      }
    }
    ready = next.sort(compareKeys);
  }
  const rest = [...left];
  return {keys: [...done, ...rest], cyclic: onCycles(rest, dependencies)};
}

/** Of what could not be ordered, that which reaches itself; the rest only depends on a cycle. */
function onCycles(keys: readonly ResourceKey[], dependencies: Dependencies): ResourceKey[] {
  return keys.filter((start) => {
    const seen = new Set<ResourceKey>();
    const open = [...(dependencies.get(start) ?? [])];
    for (let key = open.pop(); key !== undefined; key = open.pop()) {
      if (key === start) return true;
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(...(dependencies.get(key) ?? []));
    }
    return false;
  });
}

/** The actions in order, with a finding on each that waits for another resource. */
export function orderActions(
  actions: readonly Action[],
  dependencies: Dependencies,
  ready: (key: ResourceKey) => string | null,
): {readonly actions: readonly Action[]; readonly diagnostics: readonly Diagnostic[]} {
  const leaving = actions.filter((action) => isLeaving(action));
  const ordering = orderKeys([...new Set(actions.map((action) => action.key))], dependencies);
  const dependants = dependantsAmong(leaving, ordering, dependencies);
  const copies = clonesBySource(actions);
  const place = new Map(ordering.keys.map((key, index) => [key, index]));
  const at = (action: Action) => place.get(action.key) ?? 0;
  const coming = actions
    .filter((action) => !isLeaving(action))
    .toSorted((a, b) => at(a) - at(b))
    .map((action) => waitForOthers(action, ordering, ready));
  const going = leaving
    .toSorted((a, b) => at(b) - at(a))
    .map((action) => waitForDependants(waitForOthers(action, ordering, ready), dependants))
    .map((action) => waitForClones(action, copies));
  return {
    actions: [...coming, ...going],
    diagnostics: ordering.cyclic.map((key) => cycle(key, actions)),
  };
}

/** The waiting part of the plan: what a named other thing holds back. */
export function waitingOf(actions: readonly Action[]): readonly Waiting[] {
  return actions.flatMap(({key, name, kind, findings}) =>
    findings.flatMap(({reason, detail}): readonly Waiting[] =>
      reason === 'waiting' || reason === 'incomplete' ? [{key, name, kind, reason, detail}] : [],
    ),
  );
}

function isLeaving(action: Action): boolean {
  return action.verb === 'delete' || action.verb === 'release';
}

function waitForOthers(
  action: Action,
  ordering: Ordering,
  ready: (key: ResourceKey) => string | null,
): Action {
  if (action.verb === 'none' || action.after.length === 0) return action;
  if (ordering.cyclic.includes(action.key)) {
    return withWaiting(action, 'it depends on itself through its dependencies');
  }
  const reasons = action.after.flatMap((key) => ready(key) ?? []);
  return reasons.length === 0 ? action : withWaiting(action, reasons.join('; '));
}

/** For each key that goes, the keys that go too and depend on it; a circle waits for nobody. */
function dependantsAmong(
  leaving: readonly Action[],
  ordering: Ordering,
  dependencies: Dependencies,
): ReadonlyMap<ResourceKey, readonly ResourceKey[]> {
  const dependants = new Map<ResourceKey, ResourceKey[]>();
  for (const {key} of leaving) {
    if (ordering.cyclic.includes(key)) continue;
    for (const other of dependencies.get(key) ?? []) {
      add(dependants, other, key);
    }
  }
  return dependants;
}

function waitForDependants(
  action: Action,
  dependants: ReadonlyMap<ResourceKey, readonly ResourceKey[]>,
): Action {
  const first = [...(dependants.get(action.key) ?? [])].sort(compareKeys);
  if (first.length === 0) return action;
  return withWaiting({...action, after: first}, `${first.join(', ')} depends on it and goes first`);
}

/** For each guest that is copied by this plan, the keys that are made of it. */
function clonesBySource(actions: readonly Action[]): ReadonlyMap<ResourceKey, ResourceKey[]> {
  const copies = new Map<ResourceKey, ResourceKey[]>();
  for (const {key, steps} of actions) {
    for (const step of steps) {
      if (step.kind === 'until' || step.operation !== 'clone') continue;
      const source = `guest/${String(step.target['source'])}`;
      if (source !== key) add(copies, source, key);
    }
  }
  return copies;
}

/** What goes is the last that is left of it: what is to be copied of it is copied before. */
function waitForClones(
  action: Action,
  copies: ReadonlyMap<ResourceKey, readonly ResourceKey[]>,
): Action {
  const first = copies.get(action.key) ?? [];
  if (first.length === 0 || action.verb !== 'delete') return action;
  return withWaiting(action, `${[...first].sort(compareKeys).join(', ')} is cloned from it first`);
}

function withWaiting(action: Action, detail: string): Action {
  const others = action.findings.filter((finding) => finding.reason !== 'waiting');
  return {...action, findings: [...others, {reason: 'waiting', detail, passes: true}]};
}

function cycle(key: ResourceKey, actions: readonly Action[]): Diagnostic {
  const range = actions.find((action) => action.key === key)?.range;
  return diagnose(PLAN_CODES, 'plan-dependency-cycle', {
    detail: `${key} depends on itself through its dependencies.`,
    remedy: 'Take one dependency of the circle out.',
    range: range ?? undefined,
    key,
  });
}

/** Thousands may depend on one, so the list grows in place. */
function add(lists: Map<ResourceKey, ResourceKey[]>, at: ResourceKey, key: ResourceKey): void {
  const list = lists.get(at);
  if (list) list.push(key);
  else lists.set(at, [key]);
}
