// Why this exists: what the gate allows is done once, now; with --approve also what a person names.
import type {Command} from 'commander';
import type {Approval, Outcome} from '../../core/action.ts';
import type {Report} from '../../core/report.ts';
import {counted} from '../../core/shown.ts';
import {keepApproval} from '../../reconcile/approvals.ts';
import {type ClusterSetup, createApplier} from '../../reconcile/controller.ts';
import {runPass} from '../../reconcile/pass.ts';
import {runUntilSettled} from '../../reconcile/until-settled.ts';
import {approvalsOf} from '../approve.ts';
import type {CommandContext} from '../command-context.ts';
import {handOver} from '../hand-over.ts';
import {CommandError, EXIT, outJson} from '../io.ts';
import {type HeldLease, holdLease} from '../lease.ts';
import {type OneShot, type OneShotOptions, openOneShot} from '../one-shot.ts';
import {openActions} from '../open-actions.ts';
import {diagnosticsText} from '../print/diagnostics-text.ts';
import {planText} from '../print/plan-text.ts';
import {problemLines} from '../print/problems-text.ts';

interface ApplyOptions extends OneShotOptions {
  readonly approve?: readonly string[];
  readonly reason?: string;
}

const HELP = `
Exit codes: 0 all done, 3 something is held or refused, 1 something failed.

An approval names one action on one live state, by the digits that pvegit plan shows. With a
controller running, the approval is handed to it, and this command waits for the outcome.

Examples:
  pvegit apply
  pvegit apply --approve 9f86d081884c7d65 --reason "ticket 42"
`;

/** apply */
export function registerApply(program: Command, context: CommandContext): void {
  program
    .command('apply')
    .description('do what the gate allows, once, and wait for it')
    .option('--cluster <name>', 'one cluster only')
    .option('--approve <fingerprint...>', 'approve these actions')
    .option('--reason <text>', 'why, for the audit', 'approved at the terminal')
    .option('-v, --verbose', 'log every request')
    .addHelpText('after', HELP)
    .action(async (options: ApplyOptions) => {
      const world = await openOneShot(context, options);
      try {
        const codes: number[] = [];
        for (const setup of world.setups) {
          codes.push(await applyOne(context, world, setup, options));
          if (context.io.signal.aborted) break;
        }
        context.exit(worst(codes));
      } finally {
        await world.close();
      }
    });
}

function worst(codes: readonly number[]): number {
  if (codes.includes(EXIT.error)) return EXIT.error;
  return codes.includes(EXIT.held) ? EXIT.held : EXIT.ok;
}

async function applyOne(
  context: CommandContext,
  world: OneShot,
  setup: ClusterSetup,
  options: ApplyOptions,
): Promise<number> {
  const {parts, memory} = setup;
  const typed = options.approve ?? [];
  const lease = holdLease(world.journal, parts.cluster, parts.clock);
  const look = {...parts, applier: null};
  if ('holder' in lease) {
    if (typed.length === 0) {
      throw new CommandError(
        `${lease.holder} leads cluster ${parts.cluster} and applies by itself`,
        'Stop it first, or approve what it holds with --approve.',
      );
    }
    const {report} = await runPass(look, memory, context.io.signal);
    const approvals = approvalsOf(typed, report, world.config, options.reason ?? '');
    return handOver(context, parts, report, approvals);
  }
  try {
    const first = typed.length === 0 ? null : await runPass(look, memory, context.io.signal);
    const approvals =
      first === null ? [] : approvalsOf(typed, first.report, world.config, options.reason ?? '');
    const {destructive} = parts.policy;
    // Somebody else has to approve too: it is kept for them until it runs out.
    if (destructive.kind === 'approval' && destructive.quorum > 1) {
      for (const one of approvals) keepApproval(world.journal, parts.cluster, one);
    }
    return await settle(context, setup, approvals, lease);
  } finally {
    await lease.end();
  }
}

async function settle(
  context: CommandContext,
  setup: ClusterSetup,
  approvals: readonly Approval[],
  lease: HeldLease,
): Promise<number> {
  const {io} = context;
  const outcomes: Outcome[] = [];
  let broken: unknown = null;
  const applier = createApplier(setup, {
    nudge: () => undefined,
    leads: () => lease.leads(),
    ended: (outcome) => outcomes.push(outcome),
    broken: (error) => {
      broken = error;
    },
  });
  const parts = {...setup.parts, applier, approvals: () => approvals};
  const {report} = await runUntilSettled(parts, setup.memory, () => undefined, io.signal);
  const left = applier.inFlight().size;
  await applier.stop();
  if (broken !== null) throw broken;
  print(context, report, outcomes);
  if (io.signal.aborted) io.err(stopped(left));
  return io.signal.aborted ? EXIT.error : exitOf(report, outcomes);
}

function stopped(left: number): string {
  const rest = 'the next "pvegit apply" or "pvegit run" goes on from there';
  if (left === 0) return 'stopped; what was not begun is left as it is';
  return `stopped; Proxmox goes on with what ${counted(left, 'action')} began, and ${rest}`;
}

function print(context: CommandContext, report: Report, outcomes: readonly Outcome[]): void {
  const {io} = context;
  if (context.options().json) return outJson(io, {report, outcomes});
  const found = report.sources.flatMap(({diagnostics}) => diagnostics);
  const all = [...found, ...(report.plan?.diagnostics ?? [])];
  if (all.length > 0) io.err(`${diagnosticsText(all, io.errStyle)}\n`);
  for (const line of problemLines(report, io.errStyle)) io.err(line);
  const done = outcomes.filter(({result}) => result === 'done').length;
  if (outcomes.length > 0) {
    const paint = done === outcomes.length ? io.style.good : io.style.warn;
    io.out(paint(`${done} of ${outcomes.length} actions done.`));
  }
  io.out(planText(report, io.style));
}

function exitOf(report: Report, outcomes: readonly Outcome[]): number {
  const failed = outcomes.some(({result}) => result === 'failed' || result === 'unknown');
  const wrong = report.sources.some(({diagnostics, error}) => {
    return error !== null || diagnostics.some(({severity}) => severity === 'error');
  });
  if (failed || wrong || report.result !== 'ok') return EXIT.error;
  return report.plan === null || openActions(report).length > 0 ? EXIT.held : EXIT.ok;
}
