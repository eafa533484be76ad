// Why this exists: the simulated cluster as a server, for trying things out and for other people's
// tests: any Proxmox client can talk to it.
import {type Command, Option} from 'commander';
import {demoCluster, demoSecret} from '../../simulator/build.ts';
import {listen} from '../../simulator/listen.ts';
import type {Cluster, Version} from '../../simulator/state.ts';
import type {CommandContext} from '../command-context.ts';
import {CommandError, outJson} from '../io.ts';
import {positive} from '../parse-number.ts';
import {neveCluster} from '../scenes/neve.ts';

interface SimulateOptions {
  readonly listen?: string | true;
  readonly nodes: string;
  readonly release: string;
  readonly speed: string;
  readonly seed: string;
  readonly scene: 'demo' | 'neve';
}

const HELP = `
Nothing is kept: when it stops, the cluster is gone. It listens on loopback only.

Scenes: demo has template 100 on the nodes that you name; neve is a single, hand-built host with
nine virtual machines and two containers that nobody manages yet, to try pvegit import on.

Examples:
  pvegit simulate --listen 8006
  pvegit simulate --scene neve --listen 8006
  curl --insecure -H "Authorization: PVEAPIToken=$TOKEN" https://127.0.0.1:8006/api2/json/version
`;

/** simulate */
export function registerSimulate(program: Command, context: CommandContext): void {
  program
    .command('simulate')
    .description('run a simulated Proxmox cluster')
    .option('--listen [port]', 'serve it with TLS on loopback (default: any free port)')
    .addOption(
      new Option('--scene <scene>', 'what is in it').choices(['demo', 'neve']).default('demo'),
    )
    .option('--nodes <names>', 'its nodes, comma-separated (scene demo)', 'pve1')
    .option('--release <release>', 'which Proxmox VE it plays: 8.4 or 9.1', '8.4')
    .option('--speed <factor>', 'how much faster than real time its tasks are', '1')
    .option('--seed <number>', 'seed of its random choices', '1')
    .addHelpText('after', HELP)
    .action((options: SimulateOptions) => simulate(context, options));
}

async function simulate(context: CommandContext, options: SimulateOptions): Promise<void> {
  const {io} = context;
  if (options.listen === undefined) {
    throw new CommandError('say where: pvegit simulate --listen [PORT]', '');
  }
  const version = options.release;
  if (version !== '8.4' && version !== '9.1') {
    throw new CommandError(`there is no simulated release "${version}"`, 'Use 8.4 or 9.1.');
  }
  const cluster = sceneOf(options, version);
  const port = options.listen === true ? 0 : positive(options.listen, '--listen');
  const speed = positive(options.speed, '--speed');
  const server = await listen(cluster, {port, speed}).catch((error: unknown) => {
    const because = error instanceof Error ? error.message : String(error);
    throw new CommandError(because, 'Name another port, or leave it out for any free one.');
  });
  const about = {
    url: server.url,
    sha256: server.fingerprint,
    token: `pvegit@pve!controller=${demoSecret}`,
    nodes: [...cluster.nodes.keys()],
  };
  if (context.options().json) outJson(io, about);
  else {
    io.out(`url    ${about.url}`);
    io.out(`sha256 ${about.sha256}`);
    io.out(`token  ${about.token}`);
    io.out(`nodes  ${about.nodes.join(', ')}; Ctrl-C stops it`);
  }
  await new Promise<void>((resolve) => {
    if (io.signal.aborted) resolve();
    io.signal.addEventListener('abort', () => resolve(), {once: true});
  });
  await server.close();
}

function sceneOf(options: SimulateOptions, version: Version): Cluster {
  const wish = {version, seed: positive(options.seed, '--seed'), nowMs: Date.now()};
  switch (options.scene) {
    case 'demo':
      return demoCluster({...wish, nodes: options.nodes.split(',').map((name) => name.trim())});
    case 'neve':
      return neveCluster(wish);
  }
}
