// Why this exists: tests of apply need a journal, a clock that a test moves, one guest that they
// shape, and a cluster that answers as they say; what a case does not speak of goes well.
import {Applier} from '../../src/apply/applier.ts';
import type {ApplyContext} from '../../src/apply/context.ts';
import {sampleGuard, sampleIntent, sampleObserved, sampleStep} from '../../src/apply/samples.ts';
import type {Action, CallStep, Outcome} from '../../src/core/action.ts';
import type {Json} from '../../src/core/json.ts';
import type {Verification} from '../../src/core/kind.ts';
import type {Observation, PveError} from '../../src/core/model.ts';
import type {TaskResult, WriteCall} from '../../src/core/ports.ts';
import {ok, type Result} from '../../src/core/result.ts';
import {openJournal} from '../../src/journal/journal.ts';
import {toyKind} from '../../src/plan/toy-kind.ts';

/** Begin of every world, ms since the epoch. */
export const BEGIN_MS = 1_700_000_000_000;

/** A failure of the cluster's API after which nothing was done. */
export const FAILED: PveError = {
  ...{kind: 'server', status: 500, message: 'no'},
  ...{errors: {}, sent: 'answered'},
};

/** Guest 150 as ours, with what differs. */
export function present(with_: Parameters<typeof sampleObserved>[0] = {}): Observation {
  return {kind: 'present', observed: sampleObserved(with_)};
}

/** A task of guest 150, whatever its digest and run state. */
export function taskStep(
  operation: CallStep['operation'],
  with_: Partial<CallStep> = {},
): CallStep {
  const path = `/nodes/pve1/qemu/150/status/${operation}`;
  return sampleStep({
    ...{kind: 'task', operation, says: operation, call: {method: 'POST', path, params: {}}},
    guard: sampleGuard({digest: null, power: null}),
    ...with_,
  });
}

/** An action on guest 150 of these steps, disruptive. */
export function actionOf(steps: Action['steps'], with_: Partial<Action> = {}): Action {
  const {action} = sampleIntent(sampleStep());
  return {...action, risk: 'disruptive', steps, ...with_};
}

/** What a test says of the world; it may change it at any time. */
export interface Script {
  seen: Observation;
  verification: Verification;
  /** What a write comes to; the default is a UPID of its own. */
  write: (call: WriteCall) => Result<string | null, PveError>;
  /** What becomes of a task. */
  task: (upid: string) => Promise<Result<Pick<TaskResult, 'exitStatus' | 'success'>, PveError>>;
  read: (path: string) => Promise<Result<Json, PveError>>;
  evidence: (name: string) => Promise<Result<string, {readonly message: string}>>;
  leads: boolean;
  closed: string | null;
  unsaid: string | null;
}

/** A world of one guest, and an applier in it whose first plan has been made. */
export function applyWorld() {
  const calls: string[] = [];
  const outcomes: Outcome[] = [];
  const broken: unknown[] = [];
  const script = healthy(calls);
  const {clock, pass} = handClock();
  const random = {bytes: (length: number) => new Uint8Array(length)};
  const journal = openJournal({path: ':memory:', clock, random});
  const parts = {
    ...{cluster: 'harness', installation: 'home', user: 'a@pve!b', kinds: [kindOf(script)]},
    ...{journal, clock, authorOf: () => 'Anna', pve: pveOf(script, calls)},
    evidence: {save: (name: string) => script.evidence(name)},
    log: {info: () => {}},
  };
  // Safe: of its ports apply uses these; secrets are in no call of these tests.
  const context = parts as unknown as ApplyContext;
  const applierOf = (): Applier =>
    new Applier(context, {
      onEnd: (outcome) => void outcomes.push(outcome),
      onBroken: (error) => void broken.push(error),
      closed: () => script.closed,
      forbidden: () => null,
      leads: () => script.leads,
    });
  const wishes = () => ({wanted: new Map<string, string>(), unsaid: () => script.unsaid});
  const applier = applierOf();
  applier.setWishes(wishes());
  /** Carries an action out as far as it goes; gives how it ended, if it did. */
  const carryOut = async (
    action: Action,
    approval: Parameters<Applier['dispatch']>[1] = null,
  ): Promise<Outcome | undefined> => {
    applier.dispatch(action, approval);
    await applier.idle();
    if (broken.length > 0) throw broken[0];
    return outcomes.at(-1);
  };
  return {pass, journal, calls, outcomes, script, applier, applierOf, wishes, carryOut};
}

function handClock() {
  const time = {wallMs: BEGIN_MS, monotonicMs: 0};
  const pass = (ms: number): void => {
    time.wallMs += ms;
    time.monotonicMs += ms;
  };
  const clock = {
    now: () => time.wallMs,
    monotonic: () => time.monotonicMs,
    sleep: async (ms: number) => pass(ms),
  };
  return {clock, pass};
}

function healthy(calls: readonly string[]): Script {
  return {
    seen: present(),
    verification: {kind: 'as-expected'},
    write: () => ok(`UPID:pve1:0000000${calls.length}:00000001:65535900:qmstart:150:a@pve!b:`),
    task: async () => ok({exitStatus: 'OK', success: true}),
    read: async () => ok(null),
    evidence: async (name) => ok(name),
    ...{leads: true, closed: null, unsaid: null},
  };
}

function kindOf(script: Script) {
  return {
    ...toyKind(),
    ...{name: 'Toy', reads: () => []},
    observe: () => script.seen,
    verify: () => script.verification,
  };
}

function pveOf(script: Script, calls: string[]) {
  return {
    read: (path: string) => script.read(path),
    write: async (call: WriteCall) => {
      calls.push(`${call.method} ${call.path}`);
      return script.write(call);
    },
    task: async (upid: string) => {
      const ended = await script.task(upid);
      return ended.ok ? ok({upid, warnings: 0, ...ended.value}) : ended;
    },
    clockOffsetMs: () => 0,
  };
}
