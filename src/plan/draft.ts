// Why this exists: what the journal shall hold after an action decides what the next plan calls
// drift, so it is worked out here, where it is known which differences an action leaves alone.
import type {Change, RecordDraft} from '../core/action.ts';
import type {Body, Desired, FieldValue, ResourceRecord} from '../core/model.ts';
import {wantedHash} from '../core/record.ts';
import {isSecret} from './fingerprint.ts';
import {hasAncestor} from './removal.ts';

/** What a draft is a function of. */
export interface DraftInput {
  readonly desired: Desired;
  readonly record: ResourceRecord | null;
  readonly commit: string;
  readonly secretHashes: {readonly [path: string]: string};
  /** Every path that differs. */
  readonly outstanding: readonly string[];
  /** Changes of this action; empty when the record only follows. */
  readonly changes: readonly Change[];
  /** Fields that the steps write. */
  readonly writes: readonly string[];
  /** Something that its creation should have brought about is left to another action. */
  readonly unfinished?: boolean;
  /** What we set aside and stands aside still, with its time. */
  readonly quarantined?: {readonly [volume: string]: number};
  /** We stopped it, and the changes do not start it. */
  readonly owesStart?: boolean;
}

/** The record after an update (or after nothing), keeping the base of what is left alone. */
export function updateDraft(input: DraftInput): RecordDraft {
  const {desired, record} = input;
  const left = leftAlone(input);
  const isKnown = (path: string): boolean => Object.hasOwn(desired.body, path) || left.has(path);
  const touched = touchedPaths(input);
  const writes = [...new Set([...input.writes, ...touched])].sort();
  const wrote = new Set([...(record?.wrote ?? []), ...writes].filter(isKnown));
  return {
    ...common(desired, input.commit),
    writes,
    wrote: [...wrote].sort(),
    // A token that left Git stays spent: the same text asks only once.
    replaceToken: record ? record.replaceToken : desired.directives.replace,
    secretHashes: hashesAfter(input, left),
    body: bodyAfter(desired.body, record?.body ?? {}, left),
    ...detachedAfter(desired, record, left),
    ...(input.unfinished === true ? {unfinished: true} : {}),
    ...(input.owesStart === true ? {owesStart: true} : {}),
    ...(input.quarantined === undefined || Object.keys(input.quarantined).length === 0
      ? {}
      : {quarantined: input.quarantined}),
  };
}

/** The record after a create or replace: all is ours, and all but `outstanding` as declared. */
export function createDraft(input: DraftInput): RecordDraft {
  const {desired, outstanding} = input;
  const left = new Set(outstanding);
  const declared = Object.keys(desired.body).sort();
  return {
    ...common(desired, input.commit),
    writes: declared,
    wrote: declared,
    replaceToken: desired.directives.replace ?? input.record?.replaceToken ?? null,
    secretHashes: hashesAfter({...input, record: null}, left),
    body: bodyAfter(desired.body, {}, left),
    ...(left.size > 0 ? {unfinished: true} : {}),
  };
}

/** The record after an adoption: everything is as declared, and nothing was written by us. */
export function adoptDraft(input: DraftInput): RecordDraft {
  return {...createDraft(input), writes: [], wrote: []};
}

/** The draft that takes a record out of the journal. */
export function forgetDraft(record: ResourceRecord, commit: string): RecordDraft {
  return {
    kind: 'forget',
    name: record.name,
    source: record.source,
    path: record.path,
    declared: [],
    writes: [],
    wrote: [],
    onDelete: record.onDelete,
    replaceToken: null,
    secretHashes: {},
    commit,
    body: {},
    dependsOn: [],
    wanted: null,
  };
}

/** Whether the journal holds something else than the draft says, commit and time aside. */
export function differs(record: ResourceRecord | null, draft: RecordDraft): boolean {
  return (
    !record ||
    record.name !== draft.name ||
    record.source !== draft.source ||
    record.path !== draft.path ||
    record.onDelete !== draft.onDelete ||
    record.replaceToken !== draft.replaceToken ||
    record.unfinished !== draft.unfinished ||
    record.mode !== draft.mode ||
    record.owesStart !== draft.owesStart ||
    record.retain?.to !== draft.retain?.to ||
    !sameList(record.retain?.fields ?? [], draft.retain?.fields ?? []) ||
    !sameList([...record.wrote].sort(), draft.wrote) ||
    !sameList(record.dependsOn ?? [], draft.dependsOn) ||
    !sameEntries(record.secretHashes, draft.secretHashes) ||
    !sameEntries(record.detached ?? {}, draft.detached ?? {}) ||
    !sameEntries(record.quarantined ?? {}, draft.quarantined ?? {}) ||
    !sameEntries(record.body, draft.body)
  );
}

/** The draft with what the action's steps detach. */
export function withDetached(
  draft: RecordDraft,
  detaches: {readonly [field: string]: string},
): RecordDraft {
  if (draft.kind === 'forget' || Object.keys(detaches).length === 0) return draft;
  return {...draft, detached: {...draft.detached, ...detaches}};
}

/** The draft with the volumes that the action's steps set aside, from its end on. */
export function withSetAside(draft: RecordDraft, volumes: readonly string[]): RecordDraft {
  if (draft.kind === 'forget' || volumes.length === 0) return draft;
  const fresh = Object.fromEntries(volumes.map((volume) => [volume, null]));
  return {...draft, quarantined: {...draft.quarantined, ...fresh}};
}

/** What was detached is remembered until its slot holds something again. */
function detachedAfter(
  desired: Desired,
  record: ResourceRecord | null,
  left: ReadonlySet<string>,
): Pick<RecordDraft, 'detached'> {
  const kept = Object.entries(record?.detached ?? {}).filter(
    ([field]) => left.has(field) || (desired.body[field] ?? null) === null,
  );
  return kept.length === 0 ? {} : {detached: Object.fromEntries(kept)};
}

function common(desired: Desired, commit: string) {
  const {mode} = desired.directives;
  return {
    kind: 'keep',
    name: desired.name,
    source: desired.source,
    path: desired.range.file,
    declared: Object.keys(desired.body).sort(),
    onDelete: desired.directives.onDelete,
    commit,
    dependsOn: [...desired.dependsOn].sort(),
    ...(mode === 'enforce' ? {} : {mode}),
    ...(desired.retain === undefined ? {} : {retain: desired.retain}),
    wanted: wantedHash(desired),
  } as const;
}

/** Paths that differ and that this action brings about; a slot's change stands for its keys too. */
function touchedPaths({outstanding, changes}: DraftInput): readonly string[] {
  const fields = changes.map((change) => change.field);
  const covered = outstanding.filter((path) => hasAncestor(path, fields));
  return [...new Set([...fields, ...covered])];
}

/** Paths that differ and that this action does not bring about. */
function leftAlone(input: DraftInput): ReadonlySet<string> {
  const touched = touchedPaths(input);
  return new Set(input.outstanding.filter((path) => !touched.includes(path)));
}

function bodyAfter(declared: Body, base: Body, left: ReadonlySet<string>): Body {
  if (left.size === 0) return declared;
  const body: {[path: string]: FieldValue} = {};
  for (const [path, value] of Object.entries(declared)) if (!left.has(path)) body[path] = value;
  for (const path of left) {
    const former = base[path];
    if (former !== undefined) body[path] = former;
  }
  return body;
}

function hashesAfter(input: DraftInput, left: ReadonlySet<string>): RecordDraft['secretHashes'] {
  const former = input.record?.secretHashes ?? {};
  const hashes: {[path: string]: string} = {};
  // A secret that left Git and is still there keeps its hash, in case it comes back.
  for (const path of [...secretPaths(input.desired), ...left]) {
    const hash = left.has(path) ? former[path] : (input.secretHashes[path] ?? former[path]);
    if (hash !== undefined) hashes[path] = hash;
  }
  return hashes;
}

function secretPaths(desired: Desired): readonly string[] {
  return Object.keys(desired.body).filter((path) => isSecret(desired.body[path]));
}

function sameEntries(
  a: {readonly [path: string]: FieldValue},
  b: {readonly [path: string]: FieldValue},
): boolean {
  const paths = Object.keys(a);
  return (
    paths.length === Object.keys(b).length && paths.every((path) => sameLeaf(a[path], b[path]))
  );
}

/** Equal in spelling; what only means the same is recorded anew. */
function sameLeaf(a: FieldValue | undefined, b: FieldValue | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if ('secretRef' in a || 'secretRef' in b) return sameSecret(a, b);
  return sameList(a, b);
}

function sameSecret(a: FieldValue, b: FieldValue): boolean {
  if (!isSecret(a) || !isSecret(b)) return false;
  return a.secretRef.name === b.secretRef.name && a.secretRef.key === b.secretRef.key;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
