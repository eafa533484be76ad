// Why this exists: rules are found by template for every path of thousands of guests; each path is
// looked up once per kind.
import {assert} from '../core/assert.ts';
import {type FieldRule, fieldRule, type ResourceKind} from '../core/kind.ts';

/** A rule with the template and slots under which it was found. */
export type FoundRule = NonNullable<ReturnType<typeof fieldRule>>;

/** Finds the rule of a path of one kind; null for a path that this version does not know. */
export type RuleFinder = (kind: ResourceKind, path: string) => FoundRule | null;

/** A finder that remembers; made anew for each plan. */
export function ruleFinder(): RuleFinder {
  const byKind = new Map<string, Map<string, FoundRule | null>>();
  return (kind, path) => {
    const known = byKind.get(kind.name) ?? new Map<string, FoundRule | null>();
    byKind.set(kind.name, known);
    const remembered = known.get(path);
    if (remembered !== undefined) return remembered;
    const found = fieldRule(kind.fields, path);
    known.set(path, found);
    return found;
  };
}

/** The rule of a declared path; its absence is a mistake in the kind. */
export function declaredRule(find: RuleFinder, kind: ResourceKind, path: string): FieldRule {
  const found = find(kind, path);
  assert(found, `${kind.name} declares ${path} without a rule`);
  return found.rule;
}
