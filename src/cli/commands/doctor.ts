// Why this exists: before anything is planned: is the cluster reached, believed, healthy and in
// time, and may the token do what this repository can lead to.
import type {Command} from 'commander';
import type {Config} from '../../config/model.ts';
import type {Manifests, ResourceKind} from '../../core/kind.ts';
import type {Inventory} from '../../core/model.ts';
import {kinds} from '../../kinds/index.ts';
import {apiReleaseOf} from '../../pve/api/methods.ts';
import type {ClusterSetup} from '../../reconcile/controller.ts';
import {runPass} from '../../reconcile/pass.ts';
import {createLog} from '../../status/log.ts';
import type {CommandContext} from '../command-context.ts';
import {checkCluster, checkEndpoint, checkNodes, checkPins} from '../doctor/connection.ts';
import {type DoctorFinding, finding, good} from '../doctor/finding.ts';
import {checkPrivileges} from '../doctor/privileges.ts';
import {withTemplates} from '../doctor/templates.ts';
import {EXIT, outJson} from '../io.ts';
import {type OneShotOptions, openOneShot} from '../one-shot.ts';
import {countText} from '../print/diagnostics-text.ts';
import {doctorLines} from '../print/doctor-text.ts';
import {callsOf, type PossibleCall, rehearse} from '../rehearse/calls.ts';
import {realClock, realRandom} from '../world/clock.ts';
import {openPve} from '../world/cluster-setup.ts';

const HELP = `
Only reads. The privileges are those of the calls that this repository's manifests can lead to
(create, change every declared field, delete) and of the reads of a pass.

Exit codes: 0 nothing is in the way, 1 something is.

Examples:
  pvegit doctor
  pvegit doctor --cluster home
  pvegit doctor --json | jq '.[].findings[] | select(.state != "good")'
`;

/** doctor */
export function registerDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .description('check connection, certificates, clocks, quorum and privileges')
    .option('--cluster <name>', 'one cluster only')
    .option('--folder <path>', 'read manifests from a folder instead of the repository')
    .option('-v, --verbose', 'log every request')
    .addHelpText('after', HELP)
    .action(async (options: OneShotOptions) => {
      const world = await openOneShot(context, options);
      try {
        const results: {cluster: string; findings: readonly DoctorFinding[]}[] = [];
        for (const setup of world.setups) {
          const {cluster} = setup.parts;
          results.push({cluster, findings: await examine(context, world.config, setup)});
        }
        const bad = results.some(({findings}) => findings.some(({state}) => state === 'bad'));
        context.exit(bad ? EXIT.error : EXIT.ok);
        if (context.options().json) return outJson(context.io, results);
        for (const {cluster, findings} of results) {
          for (const line of doctorLines(cluster, findings, context.io.style)) context.io.out(line);
        }
      } finally {
        await world.close();
      }
    });
}

/** Everything about one cluster. What cannot be asked does not stop the rest. */
async function examine(
  context: CommandContext,
  config: Config,
  setup: ClusterSetup,
): Promise<readonly DoctorFinding[]> {
  const {parts, memory} = setup;
  const {signal} = context.io;
  const findings = [...(await endpoints(context, config, parts.cluster))];
  if (!findings.some(({state}) => state === 'good')) return findings;
  const {report, inventory, manifests} = await runPass({...parts, applier: null}, memory, signal);
  findings.push(...sourceFindings(report.sources));
  if (inventory === null) return findings;
  const cluster = config.clusters[parts.cluster];
  const nodes = await parts.pve.read('/nodes', {signal});
  findings.push(...checkCluster(inventory, report.quorate));
  findings.push(...checkNodes(nodes.ok ? nodes.value : null));
  if (cluster !== undefined) findings.push(...checkPins(nodes.ok ? nodes.value : null, cluster));
  const now = report.plan === null ? [] : callsOf(report.plan, inventory);
  findings.push(...(await privileges(setup, {inventory, manifests, now}, signal)));
  const unread = report.sources.filter(({error}) => error !== null).length;
  if (unread > 0 || manifests.some(({complete}) => !complete)) findings.push(UNKNOWN_NEEDS);
  return findings;
}

async function endpoints(
  {io}: CommandContext,
  config: Config,
  name: string,
): Promise<readonly DoctorFinding[]> {
  const cluster = config.clusters[name];
  const findings: DoctorFinding[] = [];
  for (const endpoint of cluster?.endpoints ?? []) {
    if (cluster === undefined) break;
    const world = {
      environment: io.env,
      clock: realClock,
      random: realRandom,
      log: createLog({level: 'error', pretty: io.interactive}),
      metrics: {emit: () => undefined},
    };
    const {pve} = await openPve(world, {...cluster, endpoints: [endpoint]});
    findings.push(await checkEndpoint(endpoint.url, pve, io.signal));
    await pve.close();
  }
  return findings;
}

const UNKNOWN_NEEDS = finding(
  'warn',
  'privileges',
  'what the rest of the repository needs is not known',
  'Put its source right, and ask again: pvegit doctor',
);

/** What a pass saw, with the calls that its plan would make now. */
interface Seen {
  readonly inventory: Inventory;
  readonly manifests: readonly Manifests[];
  readonly now: readonly PossibleCall[];
}

async function privileges(
  {parts}: ClusterSetup,
  {inventory, manifests, now}: Seen,
  signal: AbortSignal,
): Promise<readonly DoctorFinding[]> {
  const resources = kinds.filter((kind): kind is ResourceKind => kind.role === 'resource');
  const release = apiReleaseOf(inventory.release ?? '') ?? '9.1';
  const {installation, cluster, pve} = parts;
  const desired = manifests.flatMap((one) => one.desired);
  const {inventory: real, unseen} = await withTemplates(pve, inventory, desired, signal);
  const rehearsals = manifests.map((one) =>
    rehearse({
      manifests: one,
      kinds: resources,
      installation,
      cluster,
      release: inventory.release ?? release,
      real,
    }),
  );
  const found = await checkPrivileges({
    pve,
    token: parts.user,
    rehearsal: {
      calls: [...now, ...rehearsals.flatMap(({calls}) => calls)],
      reads: rehearsals.flatMap(({reads}) => reads),
    },
    inventory,
    desired,
    kinds: resources,
    release,
    signal,
  });
  return [...unseen.map(unseenFinding), ...found];
}

function unseenFinding(vmid: number): DoctorFinding {
  return finding(
    'warn',
    `template ${vmid}`,
    'it cannot be read, so what cloning it needs is guessed',
    'If it exists, grant what is missing below, and ask again: pvegit doctor',
  );
}

function sourceFindings(
  sources: Awaited<ReturnType<typeof runPass>>['report']['sources'],
): readonly DoctorFinding[] {
  return sources.map(({name, commit, error, diagnostics}) => {
    const what = `source ${name}`;
    if (error !== null) return finding('bad', what, error.message, error.remedy);
    const wrong = diagnostics.filter(({severity}) => severity === 'error');
    if (wrong.length > 0) {
      return finding('bad', what, countText(wrong), 'See them: pvegit plan');
    }
    return good(what, `read at ${commit?.slice(0, 17) ?? 'nothing yet'}, without a mistake`);
  });
}
