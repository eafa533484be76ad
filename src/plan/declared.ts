// Why this exists: what happens to a resource that Git declares, by what the cluster shows of it.
import type {Action, Change, Finding} from '../core/action.ts';
import {diagnose} from '../core/diagnostic.ts';
import type {Desired, Diagnostic, Observed} from '../core/model.ts';
import {type ActionRequest, type BuiltAction, buildAction, idleAction} from './action.ts';

import {PLAN_CODES} from './codes.ts';
import {isOwed, owedStart} from './debt.ts';
import {type Diff, diff, shownOf} from './diff.ts';
import {adoptDraft, createDraft, type DraftInput, differs, updateDraft} from './draft.ts';
import {whose} from './ownership.ts';
import {type Part, partition} from './partition.ts';
import {forgotten, isLetGo} from './prune.ts';
import {lapsed, stillAside} from './quarantine.ts';
import {declaredRule} from './rules.ts';
import {splitHeld} from './split.ts';
import type {Context, Sketch, Subject} from './subject.ts';

/** A subject that Git declares. */
export type DeclaredSubject = Subject & {readonly desired: Desired};

/** The part of the plan of a declared resource. */
export function planDeclared(context: Context, subject: DeclaredSubject): Sketch {
  const contested = context.contested.get(subject.key);
  if (contested !== undefined) return held(context, subject, 'conflict', contested);
  const moved = movedFrom(context, subject);
  if (moved !== null) return held(context, subject, 'incomplete', moved);
  const {observation} = subject;
  switch (observation.kind) {
    case 'undetermined':
      return held(context, subject, 'incomplete', observation.because);
    case 'other':
      return held(context, subject, 'vmid-taken', observation.because);
    case 'absent':
      return sketch(create(context, subject));
    case 'present':
      return planPresent(context, subject, observation.observed);
  }
}

function held(
  context: Context,
  subject: Subject,
  reason: Finding['reason'],
  detail: string,
): Sketch {
  const cause = reason === 'incomplete' ? 'undetermined' : null;
  const action = idleAction(context, subject, {cause, findings: [{reason, detail}]});
  return {actions: [action], diagnostics: []};
}

/** Its former source may still claim it: that one has to be read before another takes it. */
function movedFrom(context: Context, {key, desired, record}: DeclaredSubject): string | null {
  if (!record || record.source === desired.source) return null;
  const former = context.manifestsOf.get(record.source);
  if (context.input.unread.includes(record.source)) {
    return `its record names the source ${record.source}, which could not be read`;
  }
  return former && (!former.complete || former.claimed.includes(key))
    ? `its record names the source ${record.source}, which has errors and may still claim it`
    : null;
}

function create(context: Context, subject: DeclaredSubject): BuiltAction {
  const cause = subject.record ? 'drift' : 'pending';
  const changes = wholeBody(context, subject, null).map(
    (change): Change => ({
      ...change,
      risk: 'benign',
      because: 'it does not exist yet',
      cause,
    }),
  );
  return buildAction(context, subject, {
    verb: 'create',
    risk: 'benign',
    cause,
    changes,
    findings: [],
    record: (writes, outstanding) =>
      createDraft(draftInput(context, subject, {changes, writes, outstanding})),
  });
}

function planPresent(context: Context, subject: DeclaredSubject, observed: Observed): Sketch {
  const {desired, record} = subject;
  const owner = whose(observed, record, desired.directives.adopt);
  switch (owner.kind) {
    case 'hands-off':
      // The next plan begins without the record: it may be adopted then.
      if (record !== null && isLetGo(context, subject)) {
        return forgotten(context, {...subject, record});
      }
      return {
        actions: [idleAction(context, subject, {findings: [owner.finding]})],
        diagnostics: [],
      };
    case 'unrecorded':
      return planUnrecorded(context, subject, observed);
    case 'adoptable':
      return planAdoption(context, subject, observed);
    case 'ours':
      // What a person let go of is never destroyed, not to be made anew either.
      if (!replaceIsAsked(subject) || isLetGo(context, subject)) {
        return planUpdates(context, subject, observed);
      }
      return comesOff(context, subject, observed)
        ? planUpdates(context, subject, observed, isProtection)
        : sketch(replace(context, subject, observed));
  }
}

function planUnrecorded(context: Context, subject: DeclaredSubject, observed: Observed): Sketch {
  const found = diffOf(context, subject, observed);
  if (found.changes.length === 0) {
    const record = adoptDraft(draftInput(context, subject, {changes: [], writes: []}));
    return {actions: [idleAction(context, subject, {record})], diagnostics: []};
  }
  const detail = `our marker, but the journal does not know it, and ${listed(found)} differ`;
  return differing(context, subject, 'update', found, {reason: 'no-record', detail});
}

function planAdoption(context: Context, subject: DeclaredSubject, observed: Observed): Sketch {
  const found = diffOf(context, subject, observed);
  if (found.changes.length === 0) {
    const adopt = buildAction(context, subject, {
      verb: 'adopt',
      risk: 'benign',
      cause: 'pending',
      changes: [],
      findings: [],
      record: () => adoptDraft(draftInput(context, subject, {changes: [], writes: []})),
    });
    return sketch(adopt);
  }
  const detail = `adoption changes nothing, and ${listed(found)} differ`;
  return differing(context, subject, 'adopt', found, {reason: 'adoption-differs', detail});
}

/** Shows the diff of something that may not be written to; it does nothing, so it risks nothing. */
function differing(
  context: Context,
  subject: DeclaredSubject,
  verb: Action['verb'],
  found: Diff,
  finding: Finding,
): Sketch {
  const action = idleAction(context, subject, {
    verb,
    cause: 'conflict',
    changes: found.changes,
    findings: [finding],
  });
  return {actions: [action], diagnostics: []};
}

/** Protection that Git takes off has to be off before the guest can be replaced. */
function comesOff(context: Context, subject: DeclaredSubject, observed: Observed): boolean {
  if (!observed.protection) return false;
  const changes = diffOf(context, subject, observed).changes.filter(isProtection);
  return changes.some(({to}) => to !== true);
}

function isProtection({field}: Change): boolean {
  return field === 'protection';
}

function replaceIsAsked({desired, record}: DeclaredSubject): boolean {
  const token = desired.directives.replace;
  return token !== null && record !== null && token !== record.replaceToken;
}

function replace(context: Context, subject: DeclaredSubject, observed: Observed): BuiltAction {
  const changes = wholeBody(context, subject, observed);
  return buildAction(context, subject, {
    verb: 'replace',
    risk: 'destructive',
    cause: 'pending',
    changes,
    findings: [],
    record: (writes, outstanding) =>
      createDraft(draftInput(context, subject, {changes, writes, outstanding})),
  });
}

/** Everything declared, as something new: from what is live now, if anything is. */
function wholeBody(
  {find}: Context,
  {kind, desired}: DeclaredSubject,
  observed: Observed | null,
): readonly Change[] {
  const changes: Change[] = [];
  for (const field of Object.keys(desired.body).sort()) {
    const to = desired.body[field];
    if (to === undefined || to === null) continue;
    const from = observed?.body[field] ?? undefined;
    const shown = shownOf(declaredRule(find, kind, field), from, to);
    const because = 'the guest is destroyed and made anew';
    changes.push({field, from, to, risk: 'destructive', because, cause: 'pending', shown});
  }
  return changes;
}

/** Updates of what differs; of it all, or only of what comes before something else. */
function planUpdates(
  context: Context,
  subject: DeclaredSubject,
  observed: Observed,
  isMeant: (change: Change) => boolean = () => true,
): Sketch {
  const found = diffOf(context, subject, observed);
  const {outstanding} = found;
  const debt = owedStart(context, subject, observed);
  const quarantined = stillAside(subject, observed);
  const due = dueChanges(subject, found)
    .filter(isMeant)
    .filter(({field}) => debt === null || field !== 'power');
  const draft = (changes: readonly Change[], writes: readonly string[]) => {
    const unfinished = isUnfinished(subject, found, changes);
    const owesStart = isOwed(subject, observed) && !changes.some(({field}) => field === 'power');
    const rest = {changes, writes, outstanding, unfinished, owesStart, quarantined};
    return updateDraft(draftInput(context, subject, rest));
  };
  const build = (part: Part) => {
    const record = (writes: readonly string[]) => draft(part.changes, writes);
    const owed = debt !== null && part.changes.includes(debt);
    const request: ActionRequest = {verb: 'update', ...part, findings: [], record};
    return buildAction(context, subject, owed ? {...request, owed} : request);
  };
  const owing = debt === null ? [] : partition([debt]);
  const gone = partition(lapsed(context, subject, observed));
  const built = [...partition(due), ...owing, ...gone].flatMap((part) => splitHeld(part, build));
  const follow = draft([], []);
  const follows = differs(subject.record, follow);
  const idle = idleAction(context, subject, {record: follows ? follow : null});
  const parts = built.map((one) => one.action);
  return {
    actions: follows || parts.length === 0 ? [idle, ...parts] : parts,
    diagnostics: [
      ...built.flatMap((one) => one.diagnostics),
      ...releasedFields(context, subject, found),
      ...unreadSecrets(subject, found),
    ],
    looks: built.flatMap(({looks}) => looks ?? []),
  };
}

/** What is only created is left alone once it is complete; until then its creation goes on. */
function dueChanges({desired, record}: DeclaredSubject, found: Diff): readonly Change[] {
  if (desired.directives.mode !== 'create-only') return found.changes;
  return record?.unfinished === true ? found.changes.filter(isPending) : [];
}

/** Whether something of the creation is still to be done after these changes. */
function isUnfinished({record}: DeclaredSubject, found: Diff, changes: readonly Change[]): boolean {
  if (record?.unfinished !== true) return false;
  return found.changes.some((change) => isPending(change) && !changes.includes(change));
}

function isPending({cause}: Change): boolean {
  return cause === 'pending';
}

function diffOf(context: Context, subject: DeclaredSubject, observed: Observed): Diff {
  const {input, find} = context;
  const {key, kind, desired, record} = subject;
  return diff({
    kind,
    desired,
    observed,
    record,
    secretHashes: input.secretHashes[key] ?? {},
    rewriteSecrets: input.rewriteSecrets?.includes(key) ?? false,
    find,
  });
}

function draftInput(
  context: Context,
  subject: DeclaredSubject,
  rest: Pick<DraftInput, 'changes' | 'writes' | 'unfinished' | 'owesStart' | 'quarantined'> & {
    readonly outstanding?: readonly string[];
  },
): DraftInput {
  const {desired, record, key} = subject;
  return {
    desired,
    record,
    commit: context.manifestsOf.get(desired.source)?.commit ?? '',
    secretHashes: context.input.secretHashes[key] ?? {},
    outstanding: [],
    ...rest,
  };
}

function sketch({action, ...told}: BuiltAction): Sketch {
  return {...told, actions: [action]};
}

function listed(found: Diff): string {
  return found.changes.map((change) => change.field).join(', ');
}

function releasedFields(
  {find}: Context,
  {kind, key, desired}: DeclaredSubject,
  found: Diff,
): readonly Diagnostic[] {
  return found.released.map((path) => {
    const rule = find(kind, path)?.rule;
    const stays = rule === undefined || rule.unremovable === true || rule.informational === true;
    const why = stays ? 'it has no value to go back to' : 'it was only adopted';
    return diagnose(PLAN_CODES, 'plan-field-released', {
      severity: 'info',
      detail: `${path} of ${key} left Git; ${why}, so it stays as it is.`,
      remedy: stays
        ? `Declare ${path} again to have it managed.`
        : `Write "${path}: null" to have it removed.`,
      range: desired.range,
      key,
    });
  });
}

function unreadSecrets(subject: DeclaredSubject, found: Diff): readonly Diagnostic[] {
  return found.unreadSecrets.map((path) =>
    diagnose(PLAN_CODES, 'plan-secret-unread', {
      severity: 'warning',
      detail: `Whether ${path} of ${subject.key} changed cannot be told.`,
      remedy: 'Make its environment variable or file available to the controller.',
      range: subject.desired.ranges[path] ?? subject.desired.range,
      key: subject.key,
    }),
  );
}
