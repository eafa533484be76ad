// Why this exists: everything that the demo needs, in one temporary folder that it leaves nothing
// of: a simulated cluster with TLS, a repository, a configuration, and a controller.
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import type {Report} from '../../core/report.ts';
import {runProgram} from '../../programs/run-program.ts';
import {createPve} from '../../pve/client.ts';
import {createExchange} from '../../pve/exchange.ts';
import {addToken, demoCluster, demoSecret, grant} from '../../simulator/build.ts';
import {type Listening, listen} from '../../simulator/listen.ts';
import type {Cluster} from '../../simulator/state.ts';
import type {CommandContext} from '../command-context.ts';
import {CommandError} from '../io.ts';
import {type RunningController, startController} from '../run-controller.ts';
import {realClock, realRandom} from '../world/clock.ts';
import {createRepository, type DemoRepository} from './repository.ts';

/** A running demo. */
export interface Scene {
  readonly folder: string;
  readonly configFile: string;
  /** A program in the folder: `pvegit` with the demo's configuration and secrets. */
  readonly command: string;
  readonly simulator: Cluster;
  readonly server: Listening;
  readonly repository: DemoRepository;
  readonly controller: RunningController;
  report(): Report | null;
  atTheWebPage(vmid: number, params: {readonly [key: string]: string}): Promise<void>;
  approve(fingerprint: string): Promise<{readonly code: number; readonly output: string}>;
  /** Stops everything and removes the folder. */
  end(): Promise<void>;
}

/** How the demo is set up. */
export interface SceneOptions {
  /** Port of status and metrics; 0 for any free one. */
  readonly port: number;
  readonly speed: number;
}

/** The example that the demo begins with. */
export const EXAMPLE = fileURLToPath(
  new URL('../../../example-repo/clusters/harness', import.meta.url),
);
const PROGRAM = fileURLToPath(new URL('../../../bin/pvegit.mjs', import.meta.url));
/** The secret of `operator@pve!page`. */
export const OPERATOR = 'c0ffee00-0000-4000-8000-000000000001';
const INTERVAL_S = 2;

/** Sets the scene; on any failure nothing is left behind. */
export async function setScene(context: CommandContext, options: SceneOptions): Promise<Scene> {
  const folder = await mkdtemp(join(tmpdir(), 'pvegit-demo-'));
  const cleanUps: (() => Promise<void>)[] = [() => rm(folder, {recursive: true, force: true})];
  const end = async (): Promise<void> => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  };
  try {
    const simulator = demoCluster({nowMs: Date.now()});
    addOperator(simulator);
    const server = await listen(simulator, {speed: options.speed});
    cleanUps.push(() => server.close());
    const repository = await createRepository(folder, EXAMPLE);
    const configFile = join(folder, 'pvegit.yaml');
    await writeFile(configFile, demoConfig(folder, repository.url, server, options.port));
    const demo = inDemo(context, configFile);
    const reports: {latest: Report | null} = {latest: null};
    const controller = await startController(demo, {
      logLevel: 'error',
      onReport: (report) => {
        reports.latest = report;
      },
    });
    cleanUps.push(() => controller.stop());
    // Whoever looks from another terminal must find the port that was free.
    const port = Number(new URL(controller.url).port);
    await writeFile(configFile, demoConfig(folder, repository.url, server, port));
    const command = await writeCommand(folder, configFile);
    return {
      command,
      folder,
      configFile,
      simulator,
      server,
      repository,
      controller,
      report: () => reports.latest,
      atTheWebPage: (vmid, params) => writeByHand(server, vmid, params),
      approve: (fingerprint) => approve(demo, configFile, fingerprint),
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** Runs where no `pvegit` is installed, under the Node that runs this, from any folder. */
async function writeCommand(folder: string, configFile: string): Promise<string> {
  const command = join(folder, 'pvegit');
  const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const set = Object.entries(DEMO_ENVIRONMENT).map(([name, value]) => `${name}=${quoted(value)}`);
  const run = [process.execPath, PROGRAM, '--config', configFile].map(quoted);
  await writeFile(command, `#!/bin/sh\n${set.join(' ')} exec ${run.join(' ')} "$@"\n`, {
    mode: 0o700,
  });
  return command;
}

/** Somebody who works at the web page, beside the controller. */
export function addOperator(simulator: Cluster): void {
  addToken(simulator, {user: 'operator@pve', token: 'page', secret: OPERATOR});
  for (const subject of ['operator@pve', 'operator@pve!page']) {
    grant(simulator, {subject, role: 'Administrator', path: '/'});
  }
}

/** The demo's configuration: everything in `folder`, the repository at `url`. */
export function demoConfig(folder: string, url: string, server: Listening, port: number): string {
  return `# Made by pvegit demo; gone when it stops.
installation: demo
data: ${join(folder, 'data')}
listen: 127.0.0.1:${port}
clusters:
  harness:
    endpoints:
      - {url: ${JSON.stringify(server.url)}, sha256: ["${server.fingerprint}"]}
    token: {env: PVEGIT_DEMO_TOKEN}
sources:
  - name: harness
    cluster: harness
    url: ${JSON.stringify(url)}
    branch: main
    path: clusters/harness
    interval: ${INTERVAL_S}s
    secrets: {env: ["HARNESS_*"]}
    scope: {vmids: [150-299], nodes: ["*"], storages: [local-lvm], bridges: [vmbr1], kinds: ["*"]}
policy:
  destructive: {approval: {terminal: true}}
`;
}

/** The secrets that the demo's configuration names. */
export const DEMO_ENVIRONMENT = {
  PVEGIT_DEMO_TOKEN: `pvegit@pve!controller=${demoSecret}`,
  HARNESS_ADMIN_PASSWORD: 'only-for-the-demo',
} as const;

/** The same terminal, with the demo's configuration and secrets. */
function inDemo(context: CommandContext, configFile: string): CommandContext {
  const env = {...context.io.env, ...DEMO_ENVIRONMENT};
  return {
    ...context,
    io: {...context.io, env},
    options: () => ({...context.options(), config: configFile}),
  };
}

/** A change at the web page, by somebody else's token. */
export async function writeByHand(
  server: Listening,
  vmid: number,
  params: {readonly [key: string]: string},
): Promise<void> {
  const trust = {kind: 'pins', sha256: [server.fingerprint]} as const;
  const pve = createPve({
    cluster: 'by hand',
    endpoints: [{url: server.url, exchange: createExchange({url: server.url, trust})}],
    token: `operator@pve!page=${OPERATOR}`,
    concurrency: {readsPerNode: 1},
    clock: realClock,
    random: realRandom,
  });
  const answer = await pve.write({
    method: 'PUT',
    path: `/nodes/pve1/qemu/${vmid}/config`,
    params,
  });
  await pve.close();
  if (!answer.ok) throw new CommandError(`the web page says: ${answer.error.message}`, '');
}

/** What a person types in another terminal. */
async function approve(
  context: CommandContext,
  configFile: string,
  fingerprint: string,
): Promise<{readonly code: number; readonly output: string}> {
  const env: {[name: string]: string} = {NO_COLOR: '1'};
  for (const [name, value] of Object.entries(context.io.env)) {
    if (value !== undefined && name !== 'FORCE_COLOR') env[name] = value;
  }
  const ran = await runProgram({
    file: process.execPath,
    args: [PROGRAM, '--config', configFile, 'apply', '--approve', fingerprint.slice(0, 16)],
    cwd: context.io.cwd,
    env,
    timeoutMs: 120_000,
    maxBytes: 1024 * 1024,
    signal: context.io.signal,
  });
  if (!ran.ok) return {code: 1, output: ran.error.message};
  const output = new TextDecoder().decode(ran.value.stdout) + ran.value.stderr;
  return {code: ran.value.exitCode, output};
}
