// Why this exists: `plan` and `apply` look at the same world as the controller, for the length of
// one command: the configuration, the journal, and the clusters that were asked for.
import {isAbsolute, resolve} from 'node:path';
import type {Config} from '../config/model.ts';
import type {Approval} from '../core/action.ts';
import type {Journal, Log} from '../core/ports.ts';
import type {Metrics} from '../core/report.ts';
import type {ClusterSetup} from '../reconcile/controller.ts';
import {createLog} from '../status/log.ts';
import type {CommandContext} from './command-context.ts';
import {readConfigFile} from './config-file.ts';
import {CommandError} from './io.ts';
import {type Mirrors, openMirrors} from './mirrors.ts';
import {progressLog} from './progress-log.ts';
import {knownCluster} from './resource-name.ts';
import {openDataJournal} from './workspace.ts';
import {realClock, realRandom} from './world/clock.ts';
import {clusterSetup} from './world/cluster-setup.ts';

/** Options that plan and apply share. */
export interface OneShotOptions {
  readonly cluster?: string;
  /** Reads manifests from this folder instead of the repository. */
  readonly folder?: string;
  readonly verbose?: boolean;
}

/** An opened world; `close` must be called. */
export interface OneShot {
  readonly config: Config;
  readonly journal: Journal;
  readonly setups: readonly ClusterSetup[];
  close(): Promise<void>;
}

const noMetrics: Metrics = {emit: () => undefined};

/** Opens the clusters that are meant: the named one, or all. */
export async function openOneShot(
  context: CommandContext,
  options: OneShotOptions,
  approvals: readonly Approval[] = [],
): Promise<OneShot> {
  const {config: read} = await readConfigFile(context);
  const config = withFolder(read, options.folder, context.io.cwd);
  const clusters = Object.keys(config.clusters);
  const names =
    options.cluster === undefined ? clusters : [knownCluster(options.cluster, clusters)];
  const journal = openDataJournal(config.data);
  const log = quietLog(context, options.verbose === true);
  const mirrors = await openMirrors(config.data, journal);
  const world = {
    config,
    mirrors: mirrors.folder,
    environment: context.io.env,
    journal,
    clock: realClock,
    random: realRandom,
    log,
    metrics: noMetrics,
    approvals,
  };
  try {
    const setups = await Promise.all(names.map((name) => clusterSetup(world, name)));
    return {config, journal, setups, close: () => close(setups, mirrors, journal)};
  } catch (error) {
    await mirrors.end();
    journal.close();
    throw error;
  }
}

async function close(
  setups: readonly ClusterSetup[],
  mirrors: Mirrors,
  journal: Journal,
): Promise<void> {
  for (const {parts} of setups) {
    await parts.pve.close();
    for (const {source} of parts.sources) await source.close();
  }
  await mirrors.end();
  journal.close();
}

function quietLog(context: CommandContext, verbose: boolean): Log {
  const rest = createLog({level: verbose ? 'debug' : 'error', pretty: context.io.interactive});
  return progressLog(context.io, rest);
}

function withFolder(config: Config, folder: string | undefined, cwd: string): Config {
  if (folder === undefined) return config;
  const [only, ...others] = config.sources;
  if (only === undefined || others.length > 0) {
    throw new CommandError(
      '--folder needs a configuration with exactly one source',
      'Use another --config, or let the controller follow the folder.',
    );
  }
  const path = isAbsolute(folder) ? folder : resolve(cwd, folder);
  return {...config, sources: [{...only, origin: {kind: 'folder', folder: path}}]};
}
