// Why this exists: when the record of an object changes while its action runs: before the first
// call (the fields are ours from then on), after the creating call (the guest is ours), at the end.
import type {Action, CallStep, Operation} from '../core/action.ts';
import {durationNames} from '../core/durations.ts';
import type {FieldValue, Observed, ResourceRecord} from '../core/model.ts';
import {
  begunRecord,
  finishedRecord,
  handedOverRecord,
  owingRecord,
  writingRecord,
} from '../core/record.ts';
import {forgetDurations, keepDuration} from '../journal/durations.ts';
import type {ApplyContext} from './context.ts';

/** Before the first call of an action leaves. */
export function rememberStart(context: ApplyContext, action: Action): void {
  const former = formerRecord(context, action);
  if (former === null || action.record?.kind !== 'keep') return;
  context.journal.putRecord(writingRecord(former, action, context.clock.now()));
}

/** What of a step says what it did. */
export type DoneStep = Pick<CallStep, 'operation' | 'target'> & {
  /** The fields that it wrote, where it was verified. */
  readonly fields?: readonly string[];
};

/**
 * After a step: what was brought into being with our marker is ours from here on, of what was
 * destroyed no record speaks any more, and a guest that we stopped or started is so by our doing:
 * if the action ends here, to start it again is work that is left, not another's drift.
 */
export function rememberStep(
  context: ApplyContext,
  action: Action,
  {operation, target, fields = []}: DoneStep,
  seen: Observed | null,
): void {
  if (action.verb === 'update' && seen !== null) rememberHalfWay(context, action, fields, seen);
  if (operation === 'destroy') {
    context.journal.deleteRecord(context.cluster, action.key);
    forgetDurations(context.journal, context.cluster, action.key);
  }
  if (POWER.includes(operation) && seen !== null) rememberPower(context, action, seen);
  if (operation === 'start' && seen?.power === 'running') noteDebt(context, action, false);
  if (operation === 'reassign') noteHandedOver(context, action, String(target['field']));
  if (operation !== 'create' && operation !== 'clone') return;
  if (seen?.ownership.kind !== 'ours') return;
  const record = begunRecord(action, facts(context, seen));
  if (record !== null) context.journal.putRecord(record);
}

const POWER: readonly Operation[] = ['shutdown', 'stop', 'start'];

function rememberPower(context: ApplyContext, action: Action, {power}: Observed): void {
  const former = formerRecord(context, action);
  if (former === null || former.body['power'] === undefined || power === 'unknown') return;
  const run = power === 'stopped' ? 'stopped' : 'running';
  if (former.body['power'] === run) return;
  context.journal.putRecord({...former, body: {...former.body, power: run}});
}

/**
 * What a verified step leaves between what was and what Git wants (a drive that is out and not in
 * again, a boot order that lost a device) is our doing too, not another's, who then would be in
 * conflict with Git.
 */
function rememberHalfWay(
  context: ApplyContext,
  action: Action,
  fields: readonly string[],
  seen: Observed,
): void {
  const former = formerRecord(context, action);
  if (former === null || action.record?.kind !== 'keep') return;
  const wanted = action.record.body;
  const isBetween = (path: string): boolean =>
    fields.some((field) => path === field || path.startsWith(`${field}.`)) &&
    !isSame(seen.body[path], former.body[path]) &&
    !isSame(seen.body[path], wanted[path]);
  const between = new Set(Object.keys(former.body).filter(isBetween));
  if (between.size === 0) return;
  const body = Object.entries(former.body).flatMap(([path, value]) => {
    const now = between.has(path) ? seen.body[path] : value;
    return now === undefined ? [] : [[path, now] as const];
  });
  context.journal.putRecord({...former, body: Object.fromEntries(body)});
}

function isSame(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

/** Right before a call leaves that stops a guest: from here on it is owed its start. */
export function rememberDebt(context: ApplyContext, action: Action): void {
  noteDebt(context, action, true);
}

/** How long a step's task took that was asked for at `askedAt` (monotonic ms) and ended well. */
export function rememberDuration(
  {journal, cluster, clock}: ApplyContext,
  {action, step}: {readonly action: Action; readonly step: CallStep},
  askedAt: number,
): void {
  const names = durationNames(action, step);
  if (names === null) return;
  const tookMs = clock.monotonic() - askedAt;
  for (const name of [names.guest, ...names.storages]) keepDuration(journal, cluster, name, tookMs);
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

function noteDebt(context: ApplyContext, action: Action, owes: boolean): void {
  const former = formerRecord(context, action);
  const record = former === null ? null : owingRecord(former, owes);
  if (record !== null) context.journal.putRecord(record);
}

/** Another guest has the disk now: it is not asked for again, nor looked for. */
function noteHandedOver(context: ApplyContext, action: Action, field: string): void {
  const former = formerRecord(context, action);
  const record = former === null ? null : handedOverRecord(former, field);
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
