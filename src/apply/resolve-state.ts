// Why this exists: where no task tells, the state does. The table of safety.md 8 as one function.
import type {Intent} from '../core/action.ts';
import type {ResourceKind} from '../core/kind.ts';
import type {Observation, Observed} from '../core/model.ts';

/** What became of a call. `failed`: it ran and ended badly. `replan`: look again and plan anew. */
export type Resolution =
  | {readonly kind: 'done'; readonly because: string; readonly upid?: string}
  | {readonly kind: 'failed'; readonly because: string; readonly upid?: string}
  | {readonly kind: 'not-done'; readonly because: string}
  | {readonly kind: 'replan'; readonly because: string}
  | {readonly kind: 'unknown'; readonly because: string};

/** A resolution, or that it is too early to tell. */
export type StateVerdict = Resolution | {readonly kind: 'wait'; readonly because: string};

/** What the judgement rests on. `absenceProven`: 30 s have passed since the intent. */
export interface StateQuestion {
  readonly intent: Intent;
  readonly seen: Observation;
  readonly kind: ResourceKind;
  readonly absenceProven: boolean;
}

/** Judges from the owning node's answers alone; anything unreadable waits. */
export function judgeState(question: StateQuestion): StateVerdict {
  const {intent, seen} = question;
  if (seen.kind === 'undetermined') return wait(`it could not be read: ${seen.because}`);
  switch (intent.step.operation) {
    case 'create':
    case 'clone':
      return judgeCreated(question);
    case 'destroy':
      return judgeDestroyed(question);
    case 'rollback':
      return {kind: 'unknown', because: 'a rollback is never repeated, and its task was not found'};
    case 'reset':
    case 'reboot':
      return {kind: 'unknown', because: 'it is never repeated, and its task was not found'};
    case 'migrate':
      return judgePresent(question, judgeMigrated);
    case 'start':
    case 'stop':
    case 'shutdown':
      return judgePresent(question, judgePower);
    case 'allocate':
      return judgePresent(question, judgeAllocated);
    case 'config':
    case 'resize':
    case 'snapshot':
    case 'delete-snapshot':
    case 'move-disk':
    case 'reassign':
    case 'template':
    case 'cloud-init':
    case 'pool':
      return judgePresent(question, judgeWritten);
  }
}

function judgeCreated({seen, absenceProven}: StateQuestion): StateVerdict {
  if (seen.kind === 'absent') {
    if (!absenceProven) return wait('nothing has this VMID yet');
    return {kind: 'not-done', because: 'no task and no guest 30 s after the call'};
  }
  if (seen.kind !== 'present')
    return {kind: 'failed', because: 'the VMID was taken by another guest'};
  const {observed} = seen;
  if (observed.lock === 'create' || observed.lock === 'clone') return wait(`lock ${observed.lock}`);
  if (observed.ownership.kind === 'ours')
    return {kind: 'done', because: 'the guest has our marker'};
  return {kind: 'failed', because: 'the VMID was taken by a guest without our marker'};
}

function judgeDestroyed({intent, seen, absenceProven}: StateQuestion): StateVerdict {
  if (seen.kind === 'absent') return {kind: 'done', because: 'no guest has this VMID'};
  if (seen.kind !== 'present') return {kind: 'unknown', because: 'the VMID is another guest now'};
  const {observed} = seen;
  if (observed.lock !== null) return wait(`lock ${observed.lock}`);
  const same = observed.ownership.kind === 'ours' && observed.witness === intent.action.witness;
  if (!same) return {kind: 'unknown', because: 'the guest there is not the one to be destroyed'};
  if (!absenceProven) return wait('it is still there');
  return {kind: 'not-done', because: 'the guest is there whole, unlocked, without a task'};
}

function judgePresent(
  question: StateQuestion,
  judge: (question: StateQuestion, observed: Observed) => StateVerdict,
): StateVerdict {
  const {seen} = question;
  if (seen.kind === 'absent') return {kind: 'replan', because: 'the guest is gone'};
  if (seen.kind !== 'present') return {kind: 'replan', because: 'the VMID is another guest now'};
  return judge(question, seen.observed);
}

function judgePower({intent, absenceProven}: StateQuestion, observed: Observed): StateVerdict {
  const wanted = intent.step.operation === 'start' ? 'running' : 'stopped';
  if (observed.power === wanted) return {kind: 'done', because: `it is ${wanted}`};
  if (observed.lock !== null) return wait(`lock ${observed.lock}`);
  if (!absenceProven) return wait(`it is ${observed.power}`);
  return {kind: 'not-done', because: `it is ${observed.power}, without a task or lock`};
}

function judgeMigrated({intent, absenceProven}: StateQuestion, observed: Observed): StateVerdict {
  if (observed.lock !== null) return wait(`lock ${observed.lock}`);
  if (observed.node === intent.step.target['node']) return {kind: 'done', because: 'it moved'};
  if (!absenceProven) return wait('it is still on its old node');
  return {kind: 'not-done', because: 'it is on its old node, without a task or lock'};
}

function judgeAllocated(question: StateQuestion, observed: Observed): StateVerdict {
  if (expected(question, observed)) return {kind: 'done', because: 'the slot holds the new disk'};
  if (observed.lock !== null) return wait(`lock ${observed.lock}`);
  if (!question.absenceProven) return wait('the slot is as it was');
  if (observed.digest !== null && observed.digest === question.intent.sentDigest) {
    return {kind: 'not-done', because: 'the configuration is the one from before'};
  }
  return {kind: 'unknown', because: 'a disk may have been allocated that no slot holds'};
}

function judgeWritten(question: StateQuestion, observed: Observed): StateVerdict {
  if (expected(question, observed)) return {kind: 'done', because: 'the values are there'};
  if (observed.lock !== null) return wait(`lock ${observed.lock}`);
  if (!question.absenceProven) return wait('the values are not there yet');
  if (observed.digest !== null && observed.digest === question.intent.sentDigest) {
    return {kind: 'not-done', because: 'the configuration is the one from before'};
  }
  return {kind: 'replan', because: 'the configuration is neither the old nor the wanted one'};
}

function expected({intent, kind}: StateQuestion, observed: Observed): boolean {
  const {step} = intent;
  return kind.verify({before: null, after: observed, step, done: true}).kind === 'as-expected';
}

function wait(because: string): StateVerdict {
  return {kind: 'wait', because};
}
