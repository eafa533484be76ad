// Why this exists: when the record of an object changes while its action runs: before the first
// call (the fields are ours from then on), after the creating call (the guest is ours), at the end.
import type {Action} from '../core/action.ts';
import type {Observed, ResourceRecord} from '../core/model.ts';
import {begunRecord, finishedRecord, writingRecord} from '../core/record.ts';
import type {ApplyContext} from './context.ts';

/** Before the first call of an action leaves. */
export function rememberStart(context: ApplyContext, action: Action): void {
  const former = formerRecord(context, action);
  if (former === null || action.record?.kind !== 'keep') return;
  context.journal.putRecord(writingRecord(former, action));
}

/** After the call that brings a guest into being is verified: from here on it is ours. */
export function rememberCreated(context: ApplyContext, action: Action, seen: Observed): void {
  const record = begunRecord(action, facts(context, seen));
  if (record !== null) context.journal.putRecord(record);
}

/** After a step that destroyed the object: nothing is there that a record could speak of. */
export function rememberDestroyed(context: ApplyContext, action: Action): void {
  context.journal.deleteRecord(context.cluster, action.key);
}

/** After every step is verified. `seen` is null only when the object is gone. */
export function rememberDone(context: ApplyContext, action: Action, seen: Observed | null): void {
  if (action.record === null) return;
  if (action.record.kind === 'forget' || seen === null) {
    context.journal.deleteRecord(context.cluster, action.key);
    return;
  }
  const record = finishedRecord(action, facts(context, seen));
  if (record !== null) context.journal.putRecord(record);
}

function facts(context: ApplyContext, seen: Observed) {
  return {
    cluster: context.cluster,
    witness: seen.witness,
    verifiedAt: context.clock.now(),
  };
}

function formerRecord(context: ApplyContext, action: Action): ResourceRecord | null {
  const records = context.journal.records(context.cluster);
  return records.find((record) => record.key === action.key) ?? null;
}
