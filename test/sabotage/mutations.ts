// Why this exists: besides the twelve great sabotages, small slips in the rooms that decide and
// act: a comparison turned, a check left out. Each must fail a suite that stands beside it.
import type {Edit} from './sabotages.ts';

/** One slip, and the suite in which at least one claim must fail. */
export interface Mutation {
  readonly what: string;
  readonly edit: Edit;
  readonly suite: string;
}

/** Every slip that is tried. */
export const MUTATIONS: readonly Mutation[] = [
  {
    what: 'a spent approval counts',
    edit: {
      file: 'src/gate/approvals.ts',
      from: "if (input.spent.has(approval.id)) return 'it was used';",
      to: '',
    },
    suite: 'src/gate',
  },
  {
    what: 'an approval never runs out',
    edit: {
      file: 'src/gate/approvals.ts',
      from: "if (approval.expiresAt <= input.now) return 'it has run out';",
      to: '',
    },
    suite: 'src/gate',
  },
  {
    what: 'the blast radius is off by one',
    edit: {
      file: 'src/gate/reasons/blast-radius.ts',
      from: 'destructive.length <= most ||',
      to: 'destructive.length <= most + 1 ||',
    },
    suite: 'src/gate',
  },
  {
    what: 'a clock that is off ends a pause',
    edit: {
      file: 'src/gate/reasons/suspended.ts',
      from: ' || input.clockOff !== null',
      to: '',
    },
    suite: 'src/gate',
  },
  {
    what: 'a lock is not looked at before a call',
    edit: {file: 'src/apply/guard.ts', from: 'if (observed.lock !== null)', to: 'if (false)'},
    suite: 'src/apply/guard.test.ts',
  },
  {
    what: 'the run state is not looked at before a call',
    edit: {
      file: 'src/apply/guard.ts',
      from: 'if (guard.power !== null && observed.power !== guard.power)',
      to: 'if (false)',
    },
    suite: 'src/apply/guard.test.ts',
  },
  {
    what: 'an absence proves itself at once',
    edit: {
      file: 'src/apply/resolve-state.ts',
      from: "    if (!absenceProven) return wait('nothing has this VMID yet');\n",
      to: '',
    },
    suite: 'src/apply/resolve-state.test.ts',
  },
  {
    what: 'what was pending before is reverted too',
    edit: {
      file: 'src/apply/leftovers.ts',
      from: 'const left = pending.filter((key) => !former.has(key));',
      to: 'const left = pending;',
    },
    suite: 'src/apply/leftovers.test.ts',
  },
  {
    what: 'nobody asks again right before a call leaves',
    edit: {file: 'src/apply/run-step.ts', from: '= run.halted();', to: '= null as Halt | null;'},
    suite: 'test/crash/between-steps.test.ts',
  },
  {
    what: 'a stricter policy is not for what is under way',
    edit: {
      file: 'src/reconcile/controller.ts',
      from: 'const needs = approval === null && needsApproval(action, policy);',
      to: 'const needs = false;',
    },
    suite: 'test/crash/between-steps.test.ts',
  },
  {
    what: 'a lost quorum is not for what is under way',
    edit: {
      file: 'src/reconcile/wishes.ts',
      from: "if (quorate === false) return 'the cluster has no quorum';",
      to: '',
    },
    suite: 'test/crash/between-steps.test.ts',
  },
  {
    what: 'an unknown call counts as ended',
    edit: {
      file: 'src/journal/journal.ts',
      from: "AND state IN ('open', 'unknown')",
      to: "AND state IN ('open')",
    },
    suite: 'src/journal/journal.test.ts',
  },
  {
    what: 'a lease may be taken while it lasts',
    edit: {
      file: 'src/journal/leases.ts',
      from: 'current !== holder && expiresAt > now',
      to: 'current !== holder && expiresAt < now',
    },
    suite: 'src/journal/journal.test.ts',
  },
  {
    what: 'a stranger in the place of our guest is cleaned up after',
    edit: {
      file: 'src/apply/leftovers.ts',
      from: "if (ownership.kind !== expected || isOther) return 'gone';",
      to: '',
    },
    suite: 'src/apply/leftovers.test.ts',
  },
  {
    what: 'a task is looked for by the clock of another node',
    edit: {
      file: 'src/apply/resolve.ts',
      from: 'const nodeNow = said ?? clock.now()',
      to: 'const nodeNow = clock.now()',
    },
    suite: 'src/apply/resolve.test.ts',
  },
  {
    what: 'a process that leads no more ends what another goes on with',
    edit: {
      file: 'src/apply/settle.ts',
      from: 'if (!run.signal.aborted && run.barred() !== null) return leave();',
      to: '',
    },
    suite: 'src/apply/applier.test.ts',
  },
  {
    what: 'a release is not for what is under way',
    edit: {
      file: 'src/apply/applier.ts',
      from: "if (verb !== 'delete' && verb !== 'replace') return false;",
      to: 'if (verb.length > 0) return false;',
    },
    suite: 'src/apply/applier.test.ts',
  },
  {
    what: 'history that was accepted once is accepted for ever',
    edit: {
      file: 'src/reconcile/follow.ts',
      from: 'if (accepted !== null && (isNew || accepted === commit)) {',
      to: "if (accepted === '') {",
    },
    suite: 'test/story/trust.test.ts',
  },
  {
    what: 'the lease is given back while calls are under way',
    edit: {
      file: 'src/reconcile/controller.ts',
      from: 'await Promise.all([running.loop.stop(), running.applier.stop()]);',
      to: 'running.loop.giveUp();',
    },
    suite: 'src/reconcile/controller.test.ts',
  },
  {
    what: 'a pin is compared by its beginning',
    edit: {
      file: 'src/pve/trust.ts',
      from: 'if (seen !== null && wanted.has(seen))',
      to: 'if (seen !== null && [...wanted].some((one) => one.slice(0, 9) === seen.slice(0, 9)))',
    },
    suite: 'src/pve/exchange.test.ts',
  },
  {
    what: 'a suspension of who takes a disk over is not looked at',
    edit: {
      file: 'src/gate/reasons/suspended.ts',
      from: "(one.key === '*' || keys.includes(one.key))",
      to: "(one.key === '*' || one.key === keys[0])",
    },
    suite: 'test/story/taker.test.ts',
  },
  {
    what: "a gift and its taker's own work overlap",
    edit: {
      file: 'src/gate/judge.ts',
      from: 'for (const key of touched) allowed.set(key, describe(action));',
      to: 'allowed.set(action.key, describe(action));',
    },
    suite: 'src/gate/promises.test.ts',
  },
  {
    what: 'what had not left is made on whatever is there now',
    edit: {
      file: 'src/apply/run-action.ts',
      from: 'progress.digest = intent.sentDigest;',
      to: '',
    },
    suite: 'test/crash/edited-meanwhile.test.ts',
  },
  {
    what: 'an action calls itself owed and needs no yes',
    edit: {
      file: 'src/gate/mode.ts',
      from: " && action.risk !== 'destructive') return 'automatic';",
      to: ") return 'automatic';",
    },
    suite: 'src/gate/circumstances.test.ts',
  },
  {
    what: 'a quorum counts approvals, not people',
    edit: {
      file: 'src/gate/approvals.ts',
      from: 'if (!byPrincipal.has(one.principal)) byPrincipal.set(one.principal, one);',
      to: 'byPrincipal.set(one.id, one);',
    },
    suite: 'src/gate/promises.test.ts',
  },
  {
    what: 'the members of a set need not hash to it',
    edit: {
      file: 'src/gate/approvals.ts',
      from: 'if (!members || setFingerprint(members) !== set) return false;',
      to: 'if (!members) return false;',
    },
    suite: 'src/gate/promises.test.ts',
  },
  {
    what: 'a source that cannot be read wants nothing',
    edit: {
      file: 'src/plan/prune.ts',
      from: 'if (context.input.unread.includes(source)) return',
      to: "if (context.input.unread.includes('')) return",
    },
    suite: 'src/plan/promises.test.ts',
  },
  {
    what: 'a guest that left Git and cannot be read is forgotten',
    edit: {
      file: 'src/plan/prune.ts',
      from: "return held(context, subject, {reason: 'incomplete', detail: observation.because});",
      to: 'return forgotten(context, subject);',
    },
    suite: 'src/plan/promises.test.ts',
  },
  {
    what: 'a guest without a witness is ours',
    edit: {
      file: 'src/plan/ownership.ts',
      from: 'if (without && vmidOf(observed.key) === null)',
      to: 'if (without)',
    },
    suite: 'src/plan/ownership.test.ts',
  },
  {
    what: 'a lost lease does not stop the next step',
    edit: {
      file: 'src/apply/run-action.ts',
      from: 'if (barred !== null) return {because: barred, left: true};',
      to: '',
    },
    suite: 'src/apply/applier.test.ts',
  },
  {
    what: 'whoever uses our token is us',
    edit: {
      file: 'src/reconcile/strangers.ts',
      from: 'if (left.length === 0) return [];',
      to: 'if (left.length >= 0) return [];',
    },
    suite: 'src/reconcile/strangers.test.ts',
  },
];
