// Why this exists: what forbids one change (a disk that would shrink, power under HA) does not hold
// back its harmless neighbours.
import {worstRisk} from '../core/model.ts';
import type {BuiltAction} from './action.ts';
import type {Part} from './partition.ts';
import {hasAncestor} from './removal.ts';

/** Builds a part; where every finding names its fields, these make an action of their own. */
export function splitHeld(part: Part, build: (part: Part) => BuiltAction): readonly BuiltAction[] {
  const whole = build(part);
  const {findings} = whole.action;
  if (findings.length === 0) return [whole];
  const named: string[] = [];
  for (const {fields} of findings) {
    if (fields === undefined) return [whole];
    named.push(...fields);
  }
  const isHeld = (field: string) => named.includes(field) || hasAncestor(field, named);
  const free = part.changes.filter(({field}) => !isHeld(field));
  if (free.length === 0 || free.length === part.changes.length) return [whole];
  const held = part.changes.filter(({field}) => isHeld(field));
  return [free, held].map((changes) =>
    build({...part, changes, risk: worstRisk(changes.map(({risk}) => risk))}),
  );
}
