// Why this exists: how things are, and why one of them is not as Git says.
import type {Command} from 'commander';
import type {ResourceDetail, StatusDocument} from '../../core/report.ts';
import {runPass} from '../../reconcile/pass.ts';
import {findResources, resourceDetail, unmanagedProblem} from '../../status/status-document.ts';
import type {CommandContext} from '../command-context.ts';
import {askController, problemOf} from '../controller-api.ts';
import {CommandError, EXIT, outJson} from '../io.ts';
import {openOneShot} from '../one-shot.ts';
import {journalText, statusText} from '../print/status-text.ts';
import {whyText} from '../print/why-text.ts';
import {openWorkspace} from '../workspace.ts';

const STATUS_HELP = `
What is in sync is counted, what is not is listed; pvegit plan --all lists everything. With --json
the document of GET /api/v1/status; without a controller "controller" is null in it, and each
cluster has what the journal knows: records, suspensions, intents, outcomes.

Exit codes: 0 it was shown, 1 it could not be.

Examples:
  pvegit status
  pvegit status --json | jq '.clusters[].counts'
  pvegit --controller https://pvegit.example:9469 status
`;
const WHY_HELP = `
Exit codes: 0 it is as Git says, 3 it is not, 1 it could not be found out.

Examples:
  pvegit why qemu/150
  pvegit why neo4j-db
  pvegit why neo4j-db --json | jq '.verdicts[].reasons'
`;

/** status */
export function registerStatus(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('how things are: from the controller, else from the journal')
    .addHelpText('after', STATUS_HELP)
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
    const next = 'pvegit plan asks the cluster itself; pvegit run starts a controller';
    if (io.interactive) io.out(`${io.style.accent('→')} ${next}`);
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
    .addHelpText('after', WHY_HELP)
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
    let unmanaged: ReturnType<typeof unmanagedProblem> = null;
    for (const {parts, memory} of world.setups) {
      const {report} = await runPass({...parts, applier: null}, memory, context.io.signal);
      unmanaged ??= unmanagedProblem(report.plan, said);
      for (const resource of findResources(report.resources, said)) {
        found.push(resourceDetail(report, resource, world.journal));
      }
    }
    const [first, second] = found;
    if (first !== undefined && second === undefined) return first;
    if (first !== undefined) unmanaged = null;
    if (unmanaged !== null) throw new CommandError(unmanaged.message, unmanaged.remedy);
    throw first === undefined
      ? new CommandError(
          `nothing is called "${said}"`,
          'pvegit plan --all lists what is managed and what is not.',
        )
      : new CommandError(
          `several resources are called "${said}"`,
          'Name it as qemu/VMID, and add --cluster NAME where several have it.',
        );
  } finally {
    await world.close();
  }
}

function refused(value: unknown): CommandError {
  const {message, remedy} = problemOf(value);
  return new CommandError(message, remedy);
}
