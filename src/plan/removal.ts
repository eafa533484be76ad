// Why this exists: a field that leaves the manifest is removed if we ever wrote it, so that a
// revert reverts; if it was only adopted it is released (manifests.md).
import type {FieldRule, ResourceKind} from '../core/kind.ts';
import type {Body, ResourceRecord} from '../core/model.ts';
import type {RuleFinder} from './rules.ts';

/** Paths that left Git. */
export interface Leaving {
  /** Ours to remove. */
  readonly removed: readonly string[];
  /** No longer managed, left as they are. */
  readonly released: readonly string[];
}

/** Splits the paths of the record that Git does not declare any more. */
export function leavingPaths(
  record: ResourceRecord,
  declared: Body,
  kind: ResourceKind,
  find: RuleFinder,
): Leaving {
  const wrote = new Set(record.wrote);
  const left = [...record.wrote, ...Object.keys(record.body)].filter(
    (path) => !Object.hasOwn(declared, path),
  );
  const removed: string[] = [];
  const released: string[] = [];
  for (const path of [...new Set(left)].sort()) {
    const rule = find(kind, path)?.rule;
    const ours = wrote.has(path) && rule !== undefined && isRemovable(rule);
    if (ours && !underReleasedSlot(path, record, declared)) removed.push(path);
    else released.push(path);
  }
  return {removed, released: released.filter((path) => !hasAncestor(path, released))};
}

/** A preference and what cannot be unset are only let go. */
function isRemovable(rule: FieldRule): boolean {
  return rule.informational !== true && rule.unremovable !== true;
}

/** A key of a slot that was only adopted goes with its slot: neither is touched. */
function underReleasedSlot(path: string, record: ResourceRecord, declared: Body): boolean {
  return ancestors(path).some(
    (slot) =>
      Object.hasOwn(record.body, slot) &&
      !Object.hasOwn(declared, slot) &&
      !record.wrote.includes(slot),
  );
}

/** Paths above a path: `disks.scsi0`, `disks` for `disks.scsi0.size`. */
function ancestors(path: string): readonly string[] {
  const parts = path.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, parts.length - 1 - index).join('.'));
}

/** Whether one of the paths is above this one. */
export function hasAncestor(path: string, paths: readonly string[]): boolean {
  return ancestors(path).some((above) => paths.includes(above));
}
