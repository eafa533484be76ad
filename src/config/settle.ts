// Why this exists: the checked and completed value becomes the Config: units in one measure, paths
// absolute, alternatives as unions.
import {homedir} from 'node:os';
import {resolve} from 'node:path';
import type {DestructiveMode, Policy, Scope, VmidRange, Window} from '../core/policy.ts';
import {parseDuration} from './duration.ts';
import type {ClusterConfig, Config, OriginConfig, SecretSource, SourceConfig} from './model.ts';

/** The file's shape after the schema has seen it and defaults are filled in. */
export interface RawConfig {
  readonly installation: string;
  readonly data: string;
  readonly listen: string;
  readonly listenToken?: SecretSource;
  readonly tls?: {readonly cert: string; readonly key: string};
  readonly self?: {readonly cluster: string; readonly vmid: number};
  readonly clusters: {readonly [name: string]: RawCluster};
  readonly sources: readonly RawSource[];
  readonly secrets: RawSecrets;
  readonly policy: RawPolicy;
  readonly evidence: {readonly keep: string; readonly maxMiB: number};
}

interface RawCluster {
  readonly endpoints: readonly {
    readonly url: string;
    readonly sha256?: readonly string[];
    readonly caFile?: string;
  }[];
  readonly token: SecretSource;
  readonly concurrency: ClusterConfig['concurrency'];
}

interface RawSecrets {
  readonly folder?: string;
  readonly env?: readonly string[];
}

interface RawSource {
  readonly name: string;
  readonly cluster: string;
  readonly url?: string;
  readonly folder?: string;
  readonly branch: string;
  readonly path: string;
  readonly interval: string;
  readonly timeout: string;
  readonly engine: 'auto' | 'builtin' | 'program';
  readonly token?: SecretSource;
  readonly username: string;
  readonly caFile?: string;
  readonly ssh?: {readonly knownHosts: string; readonly identity?: string};
  readonly verify?: {readonly allowedSigners: string};
  readonly scope: Omit<Scope, 'vmids'> & {readonly vmids: readonly (number | string)[]};
  readonly secrets: RawSecrets;
}

interface RawPolicy extends Pick<Policy, 'benign' | 'disruptive' | 'drift' | 'blastRadius'> {
  readonly destructive:
    | 'approval'
    | 'observe'
    | {readonly approval: Omit<Extract<DestructiveMode, {kind: 'approval'}>, 'kind'>};
  readonly windows: readonly (Omit<Window, 'durationMs'> & {readonly duration: string})[];
  readonly quarantine: string;
  readonly expected: {readonly [operation: string]: string};
}

/** Builds the Config; relative paths start at `folder`, where the file lies. Deeply frozen. */
export function settle(raw: RawConfig, folder: string): Config {
  const path = (text: string): string => resolvePath(folder, text);
  const secret = (source: SecretSource | undefined): SecretSource | null =>
    source === undefined ? null : 'file' in source ? {file: path(source.file)} : source;
  const clusters = Object.entries(raw.clusters).map(([name, cluster]) => [
    name,
    {
      name,
      endpoints: cluster.endpoints.map(({url, sha256 = [], caFile}) => ({
        url: url.replace(/\/$/, ''),
        sha256: sha256.map(plainPin),
        caFile: caFile === undefined ? null : path(caFile),
      })),
      token: secret(cluster.token) ?? cluster.token,
      concurrency: cluster.concurrency,
    } satisfies ClusterConfig,
  ]);
  const {tls} = raw;
  return freeze({
    installation: raw.installation,
    data: path(raw.data),
    listen: splitListen(raw.listen),
    listenToken: secret(raw.listenToken),
    tls: tls === undefined ? null : {certFile: path(tls.cert), keyFile: path(tls.key)},
    self: raw.self ?? null,
    clusters: Object.fromEntries(clusters),
    sources: raw.sources.map((source) => settleSource(source, raw.secrets, {path, secret})),
    policy: settlePolicy(raw.policy),
    evidence: {
      keepMs: parseDuration(raw.evidence.keep) ?? NINETY_DAYS_MS,
      maxBytes: raw.evidence.maxMiB * 1024 * 1024,
    },
  });
}

const DAY_MS = 86_400_000;
const NINETY_DAYS_MS = 90 * DAY_MS;

/** A pin without colons, in lower case. */
function plainPin(pin: string): string {
  return pin.replaceAll(':', '').toLowerCase();
}

/** Host (without brackets) and port of `host:port`. */
export function splitListen(listen: string): {readonly host: string; readonly port: number} {
  const colon = listen.lastIndexOf(':');
  const host = listen.slice(0, colon).replace(/^\[|\]$/g, '');
  return {host, port: Number(listen.slice(colon + 1))};
}

interface Resolvers {
  readonly path: (text: string) => string;
  readonly secret: (source: SecretSource | undefined) => SecretSource | null;
}

function settleSource(raw: RawSource, common: RawSecrets, resolvers: Resolvers): SourceConfig {
  const {path, secret} = resolvers;
  const folder = raw.secrets.folder ?? common.folder ?? 'secrets';
  return {
    name: raw.name,
    cluster: raw.cluster,
    origin: settleOrigin(raw, path),
    token: secret(raw.token),
    intervalMs: parseDuration(raw.interval) ?? 60_000,
    scope: {...raw.scope, vmids: raw.scope.vmids.map(parseVmids)},
    secrets: {folder: path(folder), env: raw.secrets.env ?? common.env ?? ['*']},
  };
}

function settleOrigin(raw: RawSource, path: (text: string) => string): OriginConfig {
  if (raw.folder !== undefined) return {kind: 'folder', folder: path(raw.folder)};
  const {branch, engine, username, ssh, verify, caFile} = raw;
  return {
    kind: 'git',
    url: raw.url ?? '',
    branch,
    path: raw.path,
    engine,
    username,
    caFile: caFile === undefined ? null : path(caFile),
    ssh:
      ssh === undefined
        ? null
        : {
            knownHostsFile: path(ssh.knownHosts),
            identityFile: ssh.identity === undefined ? null : path(ssh.identity),
          },
    allowedSigners: verify === undefined ? null : path(verify.allowedSigners),
    timeoutMs: parseDuration(raw.timeout) ?? 120_000,
  };
}

/** `150` or `150-299`. */
export function parseVmids(text: number | string): VmidRange {
  const [from = 0, to = from] = String(text).split('-').map(Number);
  return {from, to};
}

function settlePolicy(raw: RawPolicy): Policy {
  const {benign, disruptive, drift, blastRadius, destructive} = raw;
  return {
    benign,
    disruptive,
    destructive: settleDestructive(destructive),
    drift,
    blastRadius,
    windows: raw.windows.map(({duration, ...window}) => ({
      ...window,
      durationMs: parseDuration(duration) ?? 0,
    })),
    quarantineMs: parseDuration(raw.quarantine) ?? 14 * DAY_MS,
    expectedMs: Object.fromEntries(
      Object.entries(raw.expected).map(([name, text]) => [name, parseDuration(text) ?? 0]),
    ),
  };
}

function settleDestructive(raw: RawPolicy['destructive']): DestructiveMode {
  if (raw === 'observe') return {kind: 'observe'};
  if (raw === 'approval') return {kind: 'approval', quorum: 1, notAuthor: false, terminal: true};
  return {kind: 'approval', ...raw.approval};
}

/** Absolute path; `~/` is the home folder of who runs this. */
function resolvePath(folder: string, path: string): string {
  return path.startsWith('~/') ? resolve(homedir(), path.slice(2)) : resolve(folder, path);
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
