// Why this exists: the record is what makes the next plan true. It is written from what was read
// back, never from what was sent.
import type {Action, RecordDraft} from '../core/action.ts';
import type {Body, FieldValue, Observed, ResourceRecord} from '../core/model.ts';
import type {ApplyContext} from './context.ts';

/** What a record is made from. `done`: every step of the action is verified. */
export interface Memory {
  readonly action: Action;
  readonly draft: RecordDraft;
  readonly observed: Observed | null;
  /** Fields of the steps that are verified so far. */
  readonly written: ReadonlySet<string>;
  readonly done: boolean;
}

/** Writes or removes the record of an action's object, as far as it is verified. */
export function remember(context: ApplyContext, memory: Memory): void {
  const {action, draft, observed, done} = memory;
  if (draft.kind === 'forget') {
    if (done) context.journal.deleteRecord(context.cluster, action.key);
    return;
  }
  if (observed === null) return;
  const old = context.journal.records(context.cluster).find((record) => record.key === action.key);
  context.journal.putRecord(recordFrom(context, memory, observed, old ?? null));
}

/** The record that an observation and a draft make; pure but for the time. */
export function recordFrom(
  context: Pick<ApplyContext, 'cluster' | 'clock'>,
  memory: Memory,
  observed: Observed,
  old: ResourceRecord | null,
): ResourceRecord {
  const {action, draft, written, done} = memory;
  const wrote = new Set(old?.wrote ?? []);
  for (const field of draft.writes) if (done || written.has(field)) wrote.add(field);
  for (const field of wrote) if (!draft.declared.includes(field) && done) wrote.delete(field);
  const hashes: {[path: string]: string} = {...old?.secretHashes};
  for (const [path, hash] of Object.entries(draft.secretHashes)) {
    if (done || written.has(path)) hashes[path] = hash;
  }
  return {
    cluster: context.cluster,
    key: action.key,
    kind: action.kind,
    name: draft.name,
    source: draft.source,
    path: draft.path,
    body: bodyOf(draft, observed, old),
    wrote: [...wrote].sort(),
    witness: observed.witness,
    onDelete: draft.onDelete,
    replaceToken: draft.replaceToken,
    secretHashes: hashes,
    commit: draft.commit,
    verifiedAt: context.clock.now(),
  };
}

/** Live values of the declared fields; what live cannot show (secrets, preferences) as declared. */
function bodyOf(draft: RecordDraft, observed: Observed, old: ResourceRecord | null): Body {
  const body: {[path: string]: FieldValue} = {};
  const kept = old === null ? [] : old.wrote.filter((path) => !draft.declared.includes(path));
  for (const path of [...draft.declared, ...kept]) {
    const live = observed.body[path];
    const declared = draft.body[path];
    if (path === 'node' || observed.unreadable.includes(path)) {
      if (declared !== undefined) body[path] = declared;
    } else if (live !== undefined) {
      body[path] = live;
    } else if (declared === null) {
      body[path] = null;
    }
  }
  return body;
}
