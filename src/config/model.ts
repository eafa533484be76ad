// Why this exists: the shape of the configuration after reading: complete, in plain units, frozen.
// Everything that is optional in the file has a value here.
import type {Diagnostic} from '../core/model.ts';
import type {Limits, Policy, Scope} from '../core/policy.ts';

/** Where a secret of the controller is. The value is read when it is used. */
export type SecretSource = {readonly env: string} | {readonly file: string};

/** One way into a cluster; at least one of pins and `caFile` is there. */
export interface EndpointConfig {
  readonly url: string;
  /** SHA-256 of the leaf certificate, 64 lower-case hex digits each. */
  readonly sha256: readonly string[];
  /** Absolute path of a PEM file. */
  readonly caFile: string | null;
}

/** One cluster. */
export interface ClusterConfig {
  readonly name: string;
  readonly endpoints: readonly EndpointConfig[];
  /** `user@realm!id=value` */
  readonly token: SecretSource;
  readonly concurrency: Limits;
}

/** What a source follows; fits the settings of the source room. Paths are absolute. */
export type OriginConfig =
  | {
      readonly kind: 'git';
      readonly url: string;
      readonly branch: string;
      readonly path: string;
      readonly engine: 'auto' | 'builtin' | 'program';
      readonly username: string;
      readonly caFile: string | null;
      readonly ssh: {readonly identityFile: string | null; readonly knownHostsFile: string} | null;
      readonly allowedSigners: string | null;
      readonly timeoutMs: number;
    }
  | {readonly kind: 'folder'; readonly folder: string};

/** What Secret manifests may reach; fits the scope of the secrets room. */
export interface SecretsConfig {
  readonly folder: string | null;
  readonly env: readonly string[];
}

/** One source of one cluster. */
export interface SourceConfig {
  readonly name: string;
  readonly cluster: string;
  readonly origin: OriginConfig;
  /** Token or password of the repository. */
  readonly token: SecretSource | null;
  readonly intervalMs: number;
  readonly scope: Scope;
  readonly secrets: SecretsConfig;
}

/** The effective configuration. */
export interface Config {
  /** In every marker; never changes. */
  readonly installation: string;
  /** Absolute path. */
  readonly data: string;
  readonly listen: {readonly host: string; readonly port: number};
  readonly listenToken: SecretSource | null;
  readonly tls: {readonly certFile: string; readonly keyFile: string} | null;
  /** The guest that this runs in. */
  readonly self: {readonly cluster: string; readonly vmid: number} | null;
  readonly clusters: {readonly [name: string]: ClusterConfig};
  readonly sources: readonly SourceConfig[];
  readonly policy: Policy;
  readonly evidence: EvidenceConfig;
}

/** How much is kept of the forensics of each cluster; the newest of each guest always is. */
export interface EvidenceConfig {
  readonly keepMs: number;
  readonly maxBytes: number;
}

/** One line of `config show`: a JSON pointer, its effective value, and where that came from. */
export interface Setting {
  readonly pointer: string;
  readonly value: string;
  /** `default`, `pvegit.yaml:12`, `PVEGIT_LISTEN`, `--listen`. */
  readonly from: string;
}

/** What loading gives. With an error among the diagnostics, `config` is null. */
export interface Loaded {
  readonly config: Config | null;
  readonly settings: readonly Setting[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Names of the variables that the configuration reads secrets from. */
export function ownVariables(config: Config): ReadonlySet<string> {
  const sources = [
    config.listenToken,
    ...Object.values(config.clusters).map(({token}) => token),
    ...config.sources.map(({token}) => token),
  ];
  const names = sources.flatMap((source) => (source && 'env' in source ? [source.env] : []));
  return new Set(names);
}
