// Why this exists: every action is put together in the same way: the kind's steps and facts, the
// findings that hold it, its fingerprint.
import type {Action, Change, Finding, RecordDraft, Verb} from '../core/action.ts';
import type {JsonObject} from '../core/json.ts';
import type {StepAnswer} from '../core/kind.ts';
import type {ApiCall, Claim, Diagnostic, Observed, ResourceKey, Risk} from '../core/model.ts';
import {withDetached, withSetAside} from './draft.ts';
import {distinctFindings, liveFindings} from './findings.ts';
import {fingerprint, isSecret} from './fingerprint.ts';
import {vmidOf} from './keys.ts';
import type {Context, Subject} from './subject.ts';

/** An action before its steps are known. */
export interface ActionRequest {
  readonly verb: Exclude<Verb, 'none' | 'run'>;
  readonly risk: Risk;
  readonly cause: Action['cause'];
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  /** It only pays what an action before it left open. */
  readonly owed?: true;
  /** The draft, given the fields that the kind's steps write, and those left to a next pass. */
  readonly record: (writes: readonly string[], later: readonly string[]) => RecordDraft;
}

/** An action with what its kind said of it. */
export interface BuiltAction {
  readonly action: Action;
  readonly diagnostics: readonly Diagnostic[];
  /** What has to be read before it can be judged. */
  readonly looks?: readonly ApiCall[];
}

/** Asks the kind for the steps of an action. */
export function buildAction(
  context: Context,
  subject: Subject,
  request: ActionRequest,
): BuiltAction {
  const observed = observedOf(subject);
  const hashes = context.input.secretHashes[subject.key] ?? {};
  const answer = subject.kind.steps({
    installation: context.input.installation,
    cluster: context.input.cluster,
    verb: request.verb,
    key: subject.key,
    desired: subject.desired,
    observed,
    record: subject.record,
    changes: request.changes,
    inventory: context.input.inventory,
    secretHashes: hashes,
    records: context.records,
  });
  const findings = distinctFindings([
    ...request.findings,
    ...answer.findings,
    ...(observed ? liveFindings(request.verb, observed, answer.steps) : []).filter(
      // The kind may have said the same with more particulars.
      ({reason}) => !answer.findings.some((finding) => finding.reason === reason),
    ),
    ...unrunnable(request, answer),
    ...unreadSecrets(request.changes, hashes),
  ]);
  const action = finish(context, subject, {
    ...request,
    steps: answer.steps,
    findings,
    facts: answer.facts,
    loads: answer.loads,
    uses: answer.claims ?? [],
    needs: answer.after ?? NONE,
    ...(request.owed === true ? {owed: true} : {}),
    record: withSetAside(
      withDetached(request.record(answer.writes, answer.later ?? []), answer.detaches ?? {}),
      answer.frees ?? [],
    ),
  });
  const {diagnostics, looks = NONE} = answer;
  return looks.length === 0 ? {action, diagnostics} : {action, diagnostics, looks};
}

/** A resource that is not acted on: in sync, or held by a finding; its diff may be shown. */
export function idleAction(
  context: Context,
  subject: Subject,
  idle: {
    readonly verb?: Verb;
    readonly findings?: readonly Finding[];
    readonly changes?: readonly Change[];
    readonly cause?: Action['cause'];
    readonly record?: RecordDraft | null;
  },
): Action {
  const says = Object.values(idle).some((value) => value !== null);
  const former = says ? undefined : context.idle.get(subject.key);
  if (former !== undefined && isStill(former, subject)) return former;
  return finish(context, subject, {
    verb: idle.verb ?? 'none',
    risk: 'benign',
    cause: idle.cause ?? null,
    changes: idle.changes ?? NONE,
    findings: idle.findings ?? NONE,
    steps: NONE,
    facts: NO_FACTS,
    loads: NONE,
    uses: NONE,
    needs: NONE,
    record: idle.record ?? null,
  });
}

/** One for all: ten thousand guests in sync would have as many of each. */
const NONE: readonly never[] = [];
const NO_FACTS: JsonObject = {};

/** Whether an action says that there is nothing to do, and nothing else. */
export function isIdle({verb, cause, changes, findings, record}: Action): boolean {
  return (
    verb === 'none' &&
    cause === null &&
    record === null &&
    changes.length === 0 &&
    findings.length === 0
  );
}

/** Whether an idle action says of this subject what a new one would say. */
function isStill(former: Action, subject: Subject): boolean {
  const {kind, desired} = subject;
  const observed = observedOf(subject);
  if (desired === null || observed === null) return false;
  return (
    former.kind === kind.name &&
    former.name === desired.name &&
    former.source === desired.source &&
    former.node === observed.node &&
    former.witness === observed.witness &&
    former.mode === desired.directives.mode &&
    // A document that did not change has the same objects.
    former.claims === desired.claims &&
    former.range === desired.range &&
    former.after === sorted(desired.dependsOn)
  );
}

function allOf(keys: readonly ResourceKey[], more: readonly ResourceKey[]): readonly ResourceKey[] {
  return more.length === 0 ? keys : sorted([...new Set([...keys, ...more])]);
}

function sorted(keys: readonly ResourceKey[]): readonly ResourceKey[] {
  return keys.length < 2 ? keys : [...keys].sort();
}

interface Parts
  extends Pick<
    Action,
    'verb' | 'risk' | 'cause' | 'changes' | 'steps' | 'findings' | 'loads' | 'record' | 'owed'
  > {
  readonly facts: JsonObject;
  /** Claims besides those of the document. */
  readonly uses: readonly Claim[];
  /** Keys that come first, besides those of the document. */
  readonly needs: readonly ResourceKey[];
}

function finish(context: Context, subject: Subject, {uses, needs, ...parts}: Parts): Action {
  const {key, kind, desired, record} = subject;
  const observed = observedOf(subject);
  const {installation, cluster} = context.input;
  const vmid = vmidOf(key);
  const witness = observed?.witness ?? null;
  const {verb, changes, facts} = parts;
  const declaredNode = desired?.body['node'];
  return {
    fingerprint: fingerprint({
      installation,
      cluster,
      kind: kind.name,
      key,
      vmid,
      witness,
      verb,
      changes,
      facts,
    }),
    key,
    kind: kind.name,
    name: desired?.name ?? record?.name ?? key,
    source: desired?.source ?? record?.source ?? '',
    vmid,
    node: observed?.node ?? (typeof declaredNode === 'string' ? declaredNode : null),
    after: allOf(desired ? sorted(desired.dependsOn) : NONE, needs),
    witness,
    claims: uses.length === 0 ? (desired?.claims ?? NONE) : [...(desired?.claims ?? []), ...uses],
    range: desired?.range ?? null,
    mode: desired?.directives.mode ?? 'enforce',
    ...parts,
  };
}

/** The live object of a subject, where it was seen. */
export function observedOf(subject: Subject): Observed | null {
  return subject.observation.kind === 'present' ? subject.observation.observed : null;
}

/** What the kind cannot do is held, never taken for done. */
function unrunnable(request: ActionRequest, answer: StepAnswer): readonly Finding[] {
  const error = answer.diagnostics.find((diagnostic) => diagnostic.severity === 'error');
  if (error) return [{reason: 'waiting', detail: `${error.summary}: ${error.detail}`}];
  if (answer.steps.length > 0 || answer.findings.length > 0) return [];
  const fields = request.changes.map((change) => change.field).join(', ');
  return [{reason: 'waiting', detail: `this version has no call for ${fields || request.verb}`}];
}

function unreadSecrets(
  changes: readonly Change[],
  hashes: {readonly [path: string]: string},
): readonly Finding[] {
  return changes.flatMap((change): readonly Finding[] => {
    if (!isSecret(change.to) || hashes[change.field] !== undefined) return [];
    const {name, key} = change.to.secretRef;
    const detail = `the secret ${name}/${key} for ${change.field} could not be read`;
    return [{reason: 'waiting', detail}];
  });
}
