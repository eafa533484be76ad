// Why this exists: what would happen, and why, without anything being done.
import type {Command} from 'commander';
import type {Report} from '../../core/report.ts';
import {runPass} from '../../reconcile/pass.ts';
import type {CommandContext} from '../command-context.ts';
import {EXIT, outJson} from '../io.ts';
import {type OneShotOptions, openOneShot} from '../one-shot.ts';
import {openActions} from '../open-actions.ts';
import {diagnosticsText} from '../print/diagnostics-text.ts';
import {planMarkdown} from '../print/plan-markdown.ts';
import {nextLines, planText} from '../print/plan-text.ts';
import {problemLines} from '../print/problems-text.ts';

interface PlanOptions extends OneShotOptions {
  readonly markdown?: boolean;
  readonly all?: boolean;
}

const HELP = `
Exit codes: 0 nothing to do, 2 there are changes, 1 something could not be read.

Examples:
  pvegit plan
  pvegit plan --folder clusters/home     what a working copy would do
  pvegit plan --markdown > plan.md       for a pull request
  pvegit plan --json | jq '.[].plan.actions[].verb'
`;

/** plan */
export function registerPlan(program: Command, context: CommandContext): void {
  program
    .command('plan')
    .description('show what would happen, and why; nothing is changed')
    .option('--cluster <name>', 'one cluster only')
    .option('--folder <path>', 'read manifests from a folder instead of the repository')
    .option('--markdown', 'for a pull request')
    .option('--all', 'also what is in sync')
    .option('-v, --verbose', 'log every request')
    .addHelpText('after', HELP)
    .action(async (options: PlanOptions) => {
      const world = await openOneShot(context, options);
      try {
        const reports: Report[] = [];
        for (const {parts, memory} of world.setups) {
          const {report} = await runPass({...parts, applier: null}, memory, context.io.signal);
          reports.push(report);
        }
        print(context, reports, options);
        context.exit(exitOf(reports));
      } finally {
        await world.close();
      }
    });
}

function print(context: CommandContext, reports: readonly Report[], options: PlanOptions): void {
  const {io} = context;
  if (context.options().json) return outJson(io, reports);
  if (options.markdown) return io.out(reports.map(planMarkdown).join('\n\n'));
  for (const report of reports) {
    const found = report.sources.flatMap(({diagnostics}) => diagnostics);
    const all = [...found, ...(report.plan?.diagnostics ?? [])];
    if (all.length > 0) io.err(`${diagnosticsText(all, io.errStyle)}\n`);
    for (const line of problemLines(report, io.errStyle)) io.err(line);
    io.out(planText(report, io.style, options.all));
    if (io.interactive) for (const line of nextLines(report, io.style)) io.out(line);
  }
}

/** 1 where anything could not be read or is wrong, else 2 with changes, else 0. */
function exitOf(reports: readonly Report[]): number {
  const wrong = reports.some(
    (report) =>
      report.result !== 'ok' ||
      report.sources.some(({diagnostics}) => diagnostics.some(isError)) ||
      report.plan?.diagnostics.some(isError),
  );
  if (wrong) return EXIT.error;
  const changes = reports.some((report) => openActions(report).length > 0);
  return changes ? EXIT.changes : EXIT.ok;
}

function isError({severity}: {readonly severity: string}): boolean {
  return severity === 'error';
}
