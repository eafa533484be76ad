// Why this exists: the record is what makes a guest ours, so how it comes to be is said once, for
// apply (after verified steps) and for reconcile (where a record follows without any call).
import type {Action} from './action.ts';
import {canonicalJson, sha256Hex} from './canonical.ts';
import type {Desired, ResourceRecord} from './model.ts';

/** A wish lives as long as its manifest is unchanged; each pass asks for the hash of all. */
const HASHES = new WeakMap<Desired, string>();

/** The identity of what Git wants of a resource; null when no document claims it. */
export function wantedHash(desired: Desired | null): string | null {
  if (desired === null) return null;
  const known = HASHES.get(desired);
  if (known !== undefined) return known;
  const {body, creation, directives} = desired;
  const hash = sha256Hex(canonicalJson({body, creation, directives: {...directives}}));
  HASHES.set(desired, hash);
  return hash;
}

/** What only a fresh read can tell. */
export interface RecordFacts {
  readonly cluster: string;
  /** Witness of the live object as just read; null where its kind has none. */
  readonly witness: string | null;
  /** ms since the epoch. */
  readonly verifiedAt: number;
}

/** The record after every step of an action is verified; null: the record is to be deleted. */
export function finishedRecord(action: Action, facts: RecordFacts): ResourceRecord | null {
  const draft = action.record;
  if (!draft || draft.kind === 'forget') return null;
  return {
    cluster: facts.cluster,
    key: action.key,
    kind: action.kind,
    name: draft.name,
    source: draft.source,
    path: draft.path,
    body: draft.body,
    wrote: draft.wrote,
    witness: facts.witness,
    onDelete: draft.onDelete,
    replaceToken: draft.replaceToken,
    secretHashes: draft.secretHashes,
    commit: draft.commit,
    verifiedAt: facts.verifiedAt,
    dependsOn: draft.dependsOn,
    ...(draft.detached === undefined ? {} : {detached: draft.detached}),
    ...(draft.unfinished === undefined ? {} : {unfinished: draft.unfinished}),
    ...(draft.mode === undefined ? {} : {mode: draft.mode}),
    ...(draft.owesStart === undefined ? {} : {owesStart: draft.owesStart}),
    ...(draft.quarantined === undefined
      ? {}
      : {quarantined: dated(draft.quarantined, facts.verifiedAt)}),
    ...(draft.retain === undefined ? {} : {retain: draft.retain}),
  };
}

/**
 * The record as soon as the creating call of a create or replace is verified: ours, nothing of the
 * body verified yet, so that whatever is missing is pending and the next plan completes it
 * (safety.md 3.7). Null where the action keeps no record.
 */
export function begunRecord(action: Action, facts: RecordFacts): ResourceRecord | null {
  const record = finishedRecord(action, facts);
  return record ? {...record, body: {}, secretHashes: {}, unfinished: true} : null;
}

/** The former record, with the debt of a start or without; null where nothing is to be noted. */
export function owingRecord(former: ResourceRecord, owes: boolean): ResourceRecord | null {
  if ((former.owesStart === true) === owes) return null;
  const {owesStart: _paid, ...rest} = former;
  return owes ? {...rest, owesStart: true} : rest;
}

/** The former record once another has taken a field over; null where that was not asked for. */
export function handedOverRecord(former: ResourceRecord, field: string): ResourceRecord | null {
  const {retain, ...rest} = former;
  if (retain === undefined || !retain.fields.includes(field)) return null;
  const fields = retain.fields.filter((one) => one !== field);
  return fields.length === 0 ? rest : {...rest, retain: {...retain, fields}};
}

/**
 * The former record, with the fields that an action is about to write, ours from that moment, and
 * with what it is about to set aside.
 */
export function writingRecord(
  former: ResourceRecord,
  {record}: Action,
  now: number,
): ResourceRecord {
  const wrote = [...new Set([...former.wrote, ...(record?.writes ?? [])])].sort();
  const {detached, quarantined} = record ?? {};
  // An action may end between setting a volume aside and its own end.
  return {
    ...former,
    wrote,
    ...(detached === undefined ? {} : {detached: {...former.detached, ...detached}}),
    ...(quarantined === undefined
      ? {}
      : {quarantined: {...former.quarantined, ...dated(quarantined, now)}}),
  };
}

function dated(
  quarantined: {readonly [volume: string]: number | null},
  now: number,
): {readonly [volume: string]: number} {
  return Object.fromEntries(
    Object.entries(quarantined).map(([volume, since]) => [volume, since ?? now]),
  );
}
