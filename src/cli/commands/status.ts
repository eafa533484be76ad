// Why this exists: how things are, and why one of them is not as Git says.
import type {Command} from 'commander';
import type {ResourceDetail, StatusDocument} from '../../core/report.ts';
import {runPass} from '../../reconcile/pass.ts';
import {findResources, resourceDetail} from '../../status/status-document.ts';
import type {CommandContext} from '../command-context.ts';
import {askController, problemOf} from '../controller-api.ts';
import {CommandError, EXIT, outJson} from '../io.ts';
import {openOneShot} from '../one-shot.ts';
import {journalText, statusText} from '../print/status-text.ts';
import {whyText} from '../print/why-text.ts';
import {openWorkspace} from '../workspace.ts';

/** status */
export function registerStatus(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('how things are: from the controller, else from the journal')
    .addHelpText('after', '\nExample:\n  pvegit status --json\n')
    .action(() => status(context));
}

async function status(context: CommandContext): Promise<void> {
  const {io} = context;
  const workspace = await openWorkspace(context);
  try {
    const {config, journal, clusters} = workspace;
    const {controller, json} = context.options();
    const answer = await askController(config, io.env, controller, '/api/v1/status');
    if (answer.kind === 'answer') {
      if (answer.status !== 200) throw refused(answer.value);
      if (json) return outJson(io, answer.value);
      // Safe: it is our own controller's document, whose shape its version promises.
      io.out(statusText(answer.value as StatusDocument, Date.now(), io.style));
      return;
    }
    const views = clusters.map((cluster) => ({
      cluster,
      records: journal.records(cluster),
      suspensions: journal.suspensions(cluster),
      intents: journal.openIntents(cluster),
      outcomes: journal.outcomes(cluster, 20),
    }));
    if (json) return outJson(io, {controller: null, clusters: views});
    io.err(io.errStyle.warn(`No controller answers (${answer.because}); the journal knows:`));
    for (const view of views) io.out(journalText(view, Date.now(), io.style));
  } finally {
    workspace.close();
  }
}

/** why */
export function registerWhy(program: Command, context: CommandContext): void {
  program
    .command('why')
    .description('why a resource is not as Git says, and what to do')
    .argument('<resource>', 'qemu/150 or a name')
    .option('--cluster <name>', 'where there are several')
    .addHelpText('after', '\nExamples:\n  pvegit why qemu/150\n  pvegit why neo4j-db\n')
    .action((said: string, options: {cluster?: string}) => why(context, said, options.cluster));
}

async function why(
  context: CommandContext,
  said: string,
  cluster: string | undefined,
): Promise<void> {
  const {io} = context;
  const detail =
    (await askWhy(context, said, cluster)) ?? (await lookMyself(context, said, cluster));
  if (context.options().json) outJson(io, detail);
  else io.out(whyText(detail, Date.now(), io.style));
  context.exit(detail.resource.state === 'in_sync' ? EXIT.ok : EXIT.held);
}

async function askWhy(
  context: CommandContext,
  said: string,
  cluster: string | undefined,
): Promise<ResourceDetail | null> {
  const {io} = context;
  const workspace = await openWorkspace(context);
  try {
    const query = cluster === undefined ? '' : `?cluster=${encodeURIComponent(cluster)}`;
    const path = `/api/v1/resources/${said.split('/').map(encodeURIComponent).join('/')}${query}`;
    const {controller} = context.options();
    const answer = await askController(workspace.config, io.env, controller, path);
    if (answer.kind === 'none') return null;
    if (answer.status !== 200) throw refused(answer.value);
    // Safe: it is our own controller's document, whose shape its version promises.
    return answer.value as ResourceDetail;
  } finally {
    workspace.close();
  }
}

/** Without a controller the cluster itself is asked, as plan does. */
async function lookMyself(
  context: CommandContext,
  said: string,
  cluster: string | undefined,
): Promise<ResourceDetail> {
  const options = cluster === undefined ? {} : {cluster};
  const world = await openOneShot(context, options);
  try {
    const found: ResourceDetail[] = [];
    for (const {parts, memory} of world.setups) {
      const {report} = await runPass({...parts, applier: null}, memory, context.io.signal);
      for (const resource of findResources(report.resources, said)) {
        const outcomes = world.journal.outcomesOf(report.cluster, resource.key, 0);
        found.push(resourceDetail(report, resource, outcomes.toReversed()));
      }
    }
    const [first, second] = found;
    if (first !== undefined && second === undefined) return first;
    const what = first === undefined ? 'nothing is called' : 'several resources are called';
    throw new CommandError(`${what} "${said}"`, 'Name it as qemu/VMID; pvegit plan --all lists.');
  } finally {
    await world.close();
  }
}

function refused(value: unknown): CommandError {
  const {message, remedy} = problemOf(value);
  return new CommandError(message, remedy);
}
