// Why this exists: everything that a plan depends on, as one value; nothing else can move it.
import type {Plan} from '../core/action.ts';
import type {Manifests, ResourceKind} from '../core/kind.ts';
import type {Inventory, ResourceKey, ResourceRecord} from '../core/model.ts';

/** All that a plan of one cluster is a function of, but for what the cluster says. */
export interface PlanBasis {
  readonly installation: string;
  readonly cluster: string;
  readonly kinds: readonly ResourceKind[];
  /** Last good manifests, one per source of this cluster that could be read. */
  readonly manifests: readonly Manifests[];
  /** Sources of this cluster of which nothing could be read. */
  readonly unread: readonly string[];
  /** Records of this cluster. */
  readonly records: readonly ResourceRecord[];
  /** Resources that a person let go of: never destroyed, and forgotten where they are not ours. */
  readonly released?: readonly ResourceKey[];
  /** How long a volume that was set aside is kept, in ms; left out: two weeks. */
  readonly quarantineMs?: number;
  readonly secretHashes: SecretHashes;
  /** Resources whose secrets are written even where no hash was recorded (--rewrite-secrets). */
  readonly rewriteSecrets?: readonly ResourceKey[];
  /**
   * The last plan of this cluster: where nothing is to be done again, its words are used again. It
   * changes nothing but the memory that two plans of ten thousand guests need.
   */
  readonly former?: Plan | null;
}

/** All that a plan of one cluster is a function of. */
export interface PlanInput extends PlanBasis {
  readonly inventory: Inventory;
}

/** Keyed hash of each declared secret by field path, for those that could be read. */
export type SecretHashes = {readonly [key: ResourceKey]: {readonly [path: string]: string}};
