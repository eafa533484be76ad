// Why this exists: a resource that left Git is deleted only when everything that could still want
// it was read without a mistake (safety.md 9); a failure to read never deletes.
import type {Finding} from '../core/action.ts';
import type {Observed, ResourceKey, ResourceRecord} from '../core/model.ts';
import {buildAction, idleAction} from './action.ts';
import {forgetDraft} from './draft.ts';
import {whose} from './ownership.ts';
import type {Context, Sketch, Subject} from './subject.ts';

/** A subject that only the journal knows. */
export type RecordedSubject = Subject & {readonly record: ResourceRecord};

/** The part of the plan of a resource that no document declares. */
export function planUndeclared(context: Context, subject: RecordedSubject): Sketch {
  const blocked = whyNotPruned(context, subject.record);
  if (blocked !== null) return held(context, subject, {reason: 'incomplete', detail: blocked});
  const {observation} = subject;
  switch (observation.kind) {
    case 'undetermined':
      return held(context, subject, {reason: 'incomplete', detail: observation.because});
    case 'other':
    case 'absent':
      return forgotten(context, subject);
    case 'present':
      return planLeaving(context, subject, observation.observed);
  }
}

/**
 * Why the record's source does not say clearly that it wants the resource no more; null: it does.
 */
function whyNotPruned(context: Context, record: ResourceRecord): string | null {
  const {source, key} = record;
  if (context.input.unread.includes(source)) return `its source ${source} could not be read`;
  const manifests = context.manifestsOf.get(source);
  if (!manifests) return `its source ${source} is not configured`;
  if (!manifests.complete) return `its source ${source} has documents with errors`;
  if (manifests.documents === 0) return `its source ${source} holds no valid document`;
  const claimant = claimedBy(context, key);
  return claimant === null ? null : `a document with errors in ${claimant} still claims it`;
}

function claimedBy(context: Context, key: ResourceKey): string | null {
  const claimant = context.input.manifests.find((one) => one.claimed.includes(key));
  return claimant?.source ?? null;
}

function held(context: Context, subject: Subject, finding: Finding): Sketch {
  const cause = finding.reason === 'incomplete' ? 'undetermined' : null;
  return {actions: [idleAction(context, subject, {cause, findings: [finding]})], diagnostics: []};
}

/** Whether a person let go of it. */
export function isLetGo({input}: Context, {key, record}: Subject): boolean {
  return record !== null && (input.released?.includes(key) ?? false);
}

/** It is not ours any more, or it left Git and the cluster: the journal follows. */
export function forgotten(context: Context, subject: RecordedSubject): Sketch {
  const record = forgetDraft(subject.record, commitOf(context, subject.record));
  return {actions: [idleAction(context, subject, {record})], diagnostics: []};
}

function planLeaving(context: Context, subject: RecordedSubject, observed: Observed): Sketch {
  const {record} = subject;
  const owner = whose(observed, record, null);
  // Without an adoption, a live object with a record is ours or nothing is written to it.
  if (owner.kind === 'hands-off') {
    return isLetGo(context, subject)
      ? forgotten(context, subject)
      : held(context, subject, owner.finding);
  }
  // What was only looked at is forgotten; nothing of it is written, its marker included.
  if (record.mode === 'observe') return forgotten(context, subject);
  const retained = record.onDelete === 'retain';
  const built = buildAction(context, subject, {
    verb: retained ? 'release' : 'delete',
    risk: retained ? 'benign' : 'destructive',
    cause: 'pending',
    changes: [],
    findings: [],
    record: () => forgetDraft(record, commitOf(context, record)),
  });
  return {actions: [built.action], diagnostics: built.diagnostics};
}

function commitOf(context: Context, record: ResourceRecord): string {
  return context.manifestsOf.get(record.source)?.commit ?? record.commit;
}
