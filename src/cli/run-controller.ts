// Why this exists: composes and runs the controller for `run` and for the demo: configuration,
// journal, clusters, status server; reload on SIGHUP; a clean stop.
import {readFile, watch} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import {setImmediate as otherWork} from 'node:timers/promises';
import {reloadConfig} from '../config/load-config.ts';
import type {Config} from '../config/model.ts';
import type {Log} from '../core/ports.ts';
import {JournalError} from '../core/ports.ts';
import type {Metrics, Report} from '../core/report.ts';
import {kinds} from '../kinds/index.ts';
import {prepareSchemas} from '../manifest/schema-check.ts';
import {type ClusterSetup, Controller} from '../reconcile/controller.ts';
import {inSlices} from '../reconcile/slices.ts';
import type {FollowedCluster} from '../status/health.ts';
import {createLog, type LogLevel} from '../status/log.ts';
import {measuredJournal} from '../status/measured.ts';
import {createMetrics} from '../status/metrics.ts';
import {createStatusServer} from '../status/server.ts';
import type {CommandContext} from './command-context.ts';
import {readConfigFile} from './config-file.ts';
import {ConfigInForce} from './config-in-force.ts';
import {holderName} from './holder.ts';
import {EXIT} from './io.ts';
import {version} from './version.ts';
import {openDataJournal} from './workspace.ts';
import {realClock, realRandom} from './world/clock.ts';
import {clusterSetup, type WorldParts} from './world/cluster-setup.ts';
import {ownSecret} from './world/own-secret.ts';

/** How a controller is started. */
export interface RunOptions {
  readonly logLevel: LogLevel;
  /** Called with each report, for the demo. */
  readonly onReport?: (report: Report) => void;
}

/** A running controller. `ended` gives the exit code once it has stopped. */
export interface RunningController {
  /** Where status and metrics are. */
  readonly url: string;
  readonly controller: Controller;
  readonly ended: Promise<number>;
  stop(): Promise<void>;
}

/** A file that changed is read this much later. */
const SETTLE_MS = 100;
/** A stop that takes longer than this leaves the rest to the next start. */
const STOP_MS = 10_000;

/** Starts everything; resolves once it listens. It stops when the terminal's signal aborts. */
export async function startController(
  context: CommandContext,
  options: RunOptions,
): Promise<RunningController> {
  const {io} = context;
  const {config, file} = await readConfigFile(context);
  const log = createLog({
    level: options.logLevel,
    pretty: io.interactive,
    colour: io.errStyle.colours,
  });
  const store = openDataJournal(config.data);
  const metricsText = createMetrics({version: version(), journal: store});
  const {metrics} = metricsText;
  const journal = measuredJournal(store, metrics, realClock);
  const world: WorldParts = {
    config,
    mirrors: config.data,
    environment: io.env,
    journal,
    clock: realClock,
    random: realRandom,
    log,
    metrics,
    approvals: [],
  };
  const end = Promise.withResolvers<number>();
  const controller = new Controller({
    holder: holderName('pvegit run'),
    onReport: (report) => options.onReport?.(report),
    onBroken: (cluster, error, againMs) => broken(log, {cluster, error, againMs}),
  });
  const force = inForce(world, controller);
  const server = createStatusServer({
    listen: config.listen,
    token: await listenToken(config, io.env),
    tls: await tlsOf(config),
    metricsText,
    reports: () => controller.reports(),
    journal,
    version: version(),
    installation: config.installation,
    startedAt: realClock.now(),
    clusters: () => followed(controller, force),
    log,
  });
  const {url} = await server.start();
  const following = followConfig({context, file, log, metrics, force, controller});
  log.info('controller started', {url, config: file, clusters: Object.keys(config.clusters)});
  // While Git is asked for the first time.
  await Promise.all([force.start(), prepareKinds()]);
  let stopping: Promise<void> | null = null;
  const stop = (): Promise<void> => {
    stopping ??= stopAll();
    return stopping;
  };
  const stopAll = async (): Promise<void> => {
    log.info('stopping; running tasks are left to Proxmox');
    following.end();
    const timer = new AbortController();
    await Promise.race([controller.stop(), realClock.sleep(STOP_MS, timer.signal)]);
    timer.abort();
    await server.close();
    journal.close();
    end.resolve(EXIT.ok);
  };
  if (io.signal.aborted) await stop();
  else io.signal.addEventListener('abort', () => void stop(), {once: true});
  return {url, controller, ended: end.promise, stop};
}

/** Makes ready to check manifests, a turn later: with connecting in one it would hold up others. */
async function prepareKinds(): Promise<void> {
  await otherWork();
  await inSlices(prepareSchemas(kinds), realClock);
}

function inForce(world: WorldParts, controller: Controller): ConfigInForce<ClusterSetup> {
  const setup = (config: Config, name: string) => clusterSetup({...world, config}, name);
  return new ConfigInForce(world.config, {controller, setup});
}

/** Every cluster that is followed, and how often it is looked at. */
function followed(
  controller: Controller,
  force: ConfigInForce<ClusterSetup>,
): readonly FollowedCluster[] {
  return controller.clusters().map((name) => {
    const intervalMs = force.intervalMs(name);
    return {name, intervalMs, standby: controller.isStandby(name)};
  });
}

function broken(
  log: Log,
  what: {readonly cluster: string; readonly error: unknown; readonly againMs: number | null},
): void {
  const {cluster, error, againMs} = what;
  const because = error instanceof Error ? error.message : String(error);
  const remedy = error instanceof JournalError ? error.remedy : 'Please report this as a bug.';
  if (againMs === null) {
    log.error('nothing more is applied to this cluster', {cluster, because, remedy});
  } else {
    const againSeconds = againMs / 1000;
    log.error('nothing is written to this cluster, it is only looked at; tried again soon', {
      cluster,
      because,
      remedy,
      againSeconds,
    });
  }
}

async function listenToken(
  config: Config,
  env: {readonly [name: string]: string | undefined},
): Promise<string | null> {
  if (config.listenToken === null) return null;
  const token = await ownSecret(config.listenToken, env);
  if (!token.ok) throw new Error(`the token for status cannot be had: ${token.error.message}`);
  return token.value;
}

async function tlsOf(config: Config) {
  if (config.tls === null) return null;
  return {
    cert: await readFile(config.tls.certFile, 'utf8'),
    key: await readFile(config.tls.keyFile, 'utf8'),
  };
}

interface Following {
  readonly context: CommandContext;
  readonly file: string;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly force: ConfigInForce<ClusterSetup>;
  readonly controller: Controller;
}

/** Reads the configuration again on SIGHUP and when its file changes; a bad one keeps the old. */
function followConfig(following: Following): {end(): void} {
  const {file, log} = following;
  let queue = Promise.resolve();
  const abort = new AbortController();
  const {signal} = abort;
  const reload = (): void => {
    queue = queue.then(async () => {
      // Editors empty a file before they fill it: what is half written is not looked at.
      await realClock.sleep(SETTLE_MS, signal);
      if (!signal.aborted) await reloadOnce(following, signal);
    });
  };
  process.on('SIGHUP', reload);
  void watchFile(file, reload, signal).catch((error: unknown) => {
    log.warn('the configuration file is not watched', {because: String(error)});
  });
  return {
    end: () => {
      process.off('SIGHUP', reload);
      abort.abort();
    },
  };
}

async function watchFile(file: string, changed: () => void, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of watch(dirname(file), {signal})) {
      // A mounted secret or config map is swapped by a link called ..data.
      if (event.filename === basename(file) || event.filename === '..data') changed();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function reloadOnce(following: Following, signal: AbortSignal): Promise<void> {
  const {context, file, log, metrics, force, controller} = following;
  try {
    const text = await readFile(file, 'utf8');
    const reloaded = reloadConfig(force.config, {text, file, environment: context.io.env});
    const errors = reloaded.diagnostics.filter(({severity}) => severity === 'error');
    if (errors.length > 0) {
      const [first] = errors;
      metrics.emit({kind: 'config-reload', ok: false});
      log.error('the new configuration has mistakes; the old one stays in force', {
        because: `${first?.summary ?? ''}: ${first?.detail ?? ''}`,
        mistakes: errors.length,
      });
      return;
    }
    const untaken = await force.takeUp(reloaded.config, signal);
    metrics.emit({kind: 'config-reload', ok: untaken.length === 0});
    for (const {cluster, because} of untaken) {
      log.error('a cluster goes on as it was; the new configuration is not in force for it', {
        cluster,
        because,
      });
      controller.nudge(cluster);
    }
    if (reloaded.changed && untaken.length === 0) log.info('the configuration was read again');
  } catch (error) {
    metrics.emit({kind: 'config-reload', ok: false});
    log.error('the configuration could not be read again; the old one stays in force', {
      because: error instanceof Error ? error.message : String(error),
    });
    for (const name of controller.clusters()) controller.nudge(name);
  }
}
