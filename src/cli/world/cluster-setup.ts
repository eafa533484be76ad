// Why this exists: a cluster's parts are composed here from the configuration, once, for `run`,
// `plan` and `apply` alike.
import {readFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {ClusterConfig, Config, SourceConfig} from '../../config/model.ts';
import {ownVariables} from '../../config/model.ts';
import type {Approval} from '../../core/action.ts';
import type {Clock, Journal, Log, Pve, Random, Source} from '../../core/ports.ts';
import type {Metrics} from '../../core/report.ts';
import {kinds} from '../../kinds/index.ts';
import {createPve} from '../../pve/client.ts';
import {createExchange} from '../../pve/exchange.ts';
import type {ClusterSetup} from '../../reconcile/controller.ts';
import {newMemory} from '../../reconcile/memory.ts';
import {createSecrets} from '../../secrets/create-secrets.ts';
import {loadHashKey} from '../../secrets/hash-key.ts';
import {createSource} from '../../source/create-source.ts';
import {measuredPve} from '../../status/measured.ts';
import {CommandError} from '../io.ts';
import {createEvidenceStore} from './evidence.ts';
import {productUuid} from './machine.ts';
import {ownSecret} from './own-secret.ts';

/** What all clusters of a process share. */
export interface WorldParts {
  readonly config: Config;
  readonly environment: {readonly [name: string]: string | undefined};
  readonly journal: Journal;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where mirrors of repositories are kept; one process at a time may use it. */
  readonly mirrors: string;
  /** Approvals given on this command line. */
  readonly approvals: readonly Approval[];
}

/** Reads of one pass may take this long; a hung node must not hold the loop for ever. */
const PASS_TIMEOUT_MS = 120_000;

/** Composes one cluster. */
export async function clusterSetup(world: WorldParts, name: string): Promise<ClusterSetup> {
  const {config, journal, clock, random, log, metrics} = world;
  const cluster = config.clusters[name];
  if (cluster === undefined) throw new CommandError(`no cluster is called "${name}"`, '');
  const memory = newMemory();
  const sources = config.sources.filter((source) => source.cluster === name);
  const {pve, user} = await openPve(world, cluster);
  const secrets = createSecrets({
    declarations: (source) => memory.followed.get(source)?.manifests?.secrets ?? [],
    scope: (source) =>
      config.sources.find((one) => one.name === source)?.secrets ?? {folder: null, env: []},
    ownVariables: () => ownVariables(config),
    environment: world.environment,
    hashKey: await hashKey(config, random),
    log,
  });
  return {
    memory,
    evidence: createEvidenceStore(config.data, name, config.evidence),
    passTimeoutMs: PASS_TIMEOUT_MS,
    parts: {
      cluster: name,
      installation: config.installation,
      kinds,
      sources: sources.map((source) => ({
        source: openSource(world, source),
        repository: repositoryOf(source),
        scope: source.scope,
        intervalMs: source.intervalMs,
      })),
      pve,
      journal,
      secrets,
      clock,
      random,
      log: log.child({cluster: name}),
      metrics,
      policy: config.policy,
      limits: cluster.concurrency,
      selfVmid: config.self?.cluster === name ? config.self.vmid : null,
      selfUuid: productUuid(),
      user,
      approvals: () => world.approvals,
    },
  };
}

/** A client of a configured cluster, and who it is to Proxmox (`user@realm!token`). */
export async function openPve(
  world: Omit<WorldParts, 'journal' | 'config' | 'approvals' | 'mirrors'>,
  cluster: ClusterConfig,
): Promise<{readonly pve: Pve; readonly user: string}> {
  const token = await ownSecret(cluster.token, world.environment);
  if (!token.ok) {
    throw new CommandError(
      `the token of cluster ${cluster.name} cannot be had: ${token.error.message}`,
      'Set it to USER@REALM!TOKENID=SECRET, as Proxmox shows it once when a token is made.',
    );
  }
  const user = /^([^=]+![^=]+)=/.exec(token.value)?.[1];
  if (user === undefined) {
    throw new CommandError(
      `the token of cluster ${cluster.name} has not the form USER@REALM!TOKENID=SECRET`,
      'For example: pvegit@pve!controller=12345678-…',
    );
  }
  const endpoints = await Promise.all(
    cluster.endpoints.map(async ({url, sha256, caFile}) => ({
      url,
      exchange: createExchange({
        url,
        trust:
          caFile === null
            ? {kind: 'pins', sha256}
            : {kind: 'ca', pem: await readFile(caFile, 'utf8')},
      }),
    })),
  );
  const pve = createPve({
    cluster: cluster.name,
    endpoints,
    token: token.value,
    concurrency: cluster.concurrency,
    clock: world.clock,
    random: world.random,
    log: world.log,
    onRequest: ({operation, code, ms}) =>
      world.metrics.emit({
        kind: 'pve-request',
        cluster: cluster.name,
        operation,
        code,
        seconds: ms / 1000,
      }),
  });
  return {pve: measuredPve(pve, world.metrics, world.clock), user};
}

function openSource(world: WorldParts, source: SourceConfig): Source {
  return createSource(source.name, source.origin, {
    dataFolder: world.mirrors,
    environment: world.environment,
    token: async () => {
      if (source.token === null) return {ok: true, value: null};
      return ownSecret(source.token, world.environment);
    },
  });
}

/** URL without credentials, or the folder. */
function repositoryOf({origin}: SourceConfig): string {
  if (origin.kind === 'folder') return origin.folder;
  return origin.url.replace(/\/\/[^/@]*@/, '//');
}

async function hashKey(config: Config, random: Random): Promise<Uint8Array> {
  const key = await loadHashKey(join(config.data, 'hash.key'), (length) => random.bytes(length));
  if (!key.ok) throw new CommandError(key.error.message, key.error.remedy);
  return key.value;
}
