// Why this exists: the one comparison of Git with the cluster. It compares declared fields only, as
// the kind says when two values mean the same, both what is configured and what is in force.
import type {Cause, Change} from '../core/action.ts';
import type {FieldRule, ResourceKind} from '../core/kind.ts';
import type {Body, Desired, FieldValue, Observed, ResourceRecord} from '../core/model.ts';
import {causeOf} from './cause.ts';
import {isSecret} from './fingerprint.ts';
import {leavingPaths} from './removal.ts';
import {declaredRule, type RuleFinder} from './rules.ts';
import {isSet, liveValue, secretCause} from './secret.ts';
import {levelSlots, swallow} from './slots.ts';

/** What a diff is a function of. */
export interface DiffInput {
  readonly kind: ResourceKind;
  readonly desired: Desired;
  readonly observed: Observed;
  readonly record: ResourceRecord | null;
  readonly secretHashes: {readonly [path: string]: string};
  readonly rewriteSecrets: boolean;
  readonly find: RuleFinder;
}

/** Every difference of one resource, before and after the kind joined what belongs together. */
export interface Diff {
  readonly changes: readonly Change[];
  /** Paths that differ, also those that `changes` covers by a slot. */
  readonly outstanding: readonly string[];
  /** Paths that left Git and are left as they are. */
  readonly released: readonly string[];
  /** Declared secrets whose value could not be read, so that nothing is known of them. */
  readonly unreadSecrets: readonly string[];
}

/** Compares one resource; the changes are in the order of their paths. */
export function diff(input: DiffInput): Diff {
  const {kind, desired, observed, record} = input;
  const declared = Object.keys(desired.body);
  const leaving = record
    ? leavingPaths(record, desired.body, kind, input.find)
    : {removed: [], released: []};
  const changes: Change[] = [];
  for (const path of declared) {
    const change = declaredChange(input, path, valueAt(desired.body, path));
    if (change) changes.push(change);
  }
  changes.sort(byField);
  for (const path of leaving.removed) {
    const change = removalChange(input, path);
    if (change) changes.push(change);
  }
  const whole = levelSlots(swallow(changes));
  return {
    changes: kind.fold ? kind.fold(whole, observed) : whole,
    outstanding: changes.map((change) => change.field),
    released: leaving.released.filter((path) => isSet(observed, path)),
    unreadSecrets: declared
      .filter((path) => isSecret(desired.body[path]) && input.secretHashes[path] === undefined)
      .sort(),
  };
}

function byField(a: Change, b: Change): number {
  return a.field < b.field ? -1 : 1;
}

function valueAt(body: Body, path: string): FieldValue {
  return body[path] ?? null;
}

function declaredChange(input: DiffInput, path: string, wanted: FieldValue): Change | null {
  const rule = declaredRule(input.find, input.kind, path);
  if (isSecret(wanted)) return secretChange(input, path, rule, wanted);
  if (wanted === null && input.observed.unreadable.includes(path))
    return maskedChange(input, path, rule);
  const difference = compare(input.observed, path, rule, wanted);
  if (!difference) return null;
  const {record, observed} = input;
  const base = record?.body[path];
  if (rule.informational && !isAsked(input, path, rule, wanted)) return null;
  const cause =
    difference.kind === 'cycle' && record
      ? 'pending'
      : causeOf({rule, observed, recorded: record !== null, base, live: difference.from, wanted});
  return change(input, path, rule, {from: difference.from, to: wanted, cause});
}

/**
 * A preference counts when Git changed it since the record, or where a creation did not get to it.
 */
function isAsked(
  {record, observed}: DiffInput,
  path: string,
  rule: FieldRule,
  wanted: FieldValue,
): boolean {
  const base = record?.body[path];
  if (base === undefined) return record?.unfinished === true;
  return !rule.same(base ?? undefined, wanted, observed);
}

function removalChange(input: DiffInput, path: string): Change | null {
  const {observed, record} = input;
  const rule = declaredRule(input.find, input.kind, path);
  const base = record?.body[path];
  if (isSecret(base) || observed.unreadable.includes(path)) {
    if (!isSet(observed, path)) return null;
    return change(input, path, rule, {from: base ?? undefined, to: null, cause: 'pending'});
  }
  const difference = compare(observed, path, rule, null);
  if (!difference) return null;
  const cause =
    difference.kind === 'cycle'
      ? 'pending'
      : causeOf({rule, observed, recorded: true, base, live: difference.from, wanted: null});
  return change(input, path, rule, {from: difference.from, to: null, cause});
}

/** Must be absent, and a value that cannot be read is there. */
function maskedChange(input: DiffInput, path: string, rule: FieldRule): Change {
  const base = input.record?.body[path];
  const cause = input.record ? (base === null ? 'drift' : 'pending') : 'conflict';
  const masked = change(input, path, rule, {from: undefined, to: null, cause});
  return {...masked, shown: {...masked.shown, from: '(secret)'}};
}

function secretChange(
  input: DiffInput,
  path: string,
  rule: FieldRule,
  wanted: FieldValue,
): Change | null {
  const {observed, record} = input;
  const cause = secretCause({
    path,
    observed,
    record,
    hash: input.secretHashes[path],
    rewrite: input.rewriteSecrets,
  });
  if (!cause) return null;
  const from = isSet(observed, path) ? wanted : undefined;
  return change(input, path, rule, {from, to: wanted, cause});
}

type Difference =
  /** Configured as declared, not yet in force. */
  | {readonly kind: 'cycle'; readonly from: FieldValue | undefined}
  | {readonly kind: 'write'; readonly from: FieldValue | undefined};

function compare(
  observed: Observed,
  path: string,
  rule: FieldRule,
  wanted: FieldValue,
): Difference | null {
  const configured = liveValue(observed, path);
  if (!rule.same(configured, wanted, observed)) return {kind: 'write', from: configured};
  if (!Object.hasOwn(observed.active, path)) return null;
  const active = observed.active[path] ?? undefined;
  return rule.same(active, wanted, observed) ? null : {kind: 'cycle', from: active};
}

function change(
  input: DiffInput,
  path: string,
  rule: FieldRule,
  {from, to, cause}: {from: FieldValue | undefined; to: FieldValue; cause: Cause},
): Change {
  const slots = input.find(input.kind, path)?.slots ?? [];
  const {observed, desired, record} = input;
  const unfinished = record?.unfinished === true;
  const {risk, because} = rule.risk({field: path, slots, from, to, observed, desired, unfinished});
  return {field: path, from, to, risk, because, cause, shown: shownOf(rule, from, to)};
}

/** How a person reads both sides; a secret never shows. */
export function shownOf(
  rule: FieldRule,
  from: FieldValue | undefined,
  to: FieldValue | undefined,
): Change['shown'] {
  return {from: show(rule, from), to: show(rule, to)};
}

function show(rule: FieldRule, value: FieldValue | undefined): string {
  if (isSecret(value)) return '(secret)';
  if (rule.show) return rule.show(value);
  if (value === undefined || value === null) return '(none)';
  return typeof value === 'object' ? value.join(', ') : String(value);
}
