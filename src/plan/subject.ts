// Why this exists: all that the planner knows of one key, paired up once, and the words in which
// one resource's part of the plan is handed on.
import type {Action} from '../core/action.ts';
import type {Manifests, ResourceKind} from '../core/kind.ts';
import type {
  ApiCall,
  Desired,
  Diagnostic,
  Observation,
  ResourceKey,
  ResourceRecord,
} from '../core/model.ts';
import type {PlanInput} from './input.ts';
import type {RuleFinder} from './rules.ts';

/** One key with what Git, the journal and the cluster say of it; Git or the journal knows it. */
export interface Subject {
  readonly key: ResourceKey;
  readonly kind: ResourceKind;
  readonly desired: Desired | null;
  readonly record: ResourceRecord | null;
  readonly observation: Observation;
}

/** What is the same for every subject of a plan. */
export interface Context {
  readonly input: PlanInput;
  readonly find: RuleFinder;
  readonly records: ReadonlyMap<ResourceKey, ResourceRecord>;
  readonly manifestsOf: ReadonlyMap<string, Manifests>;
  /** Why a key may not be acted on at all, whatever it looks like (claims by two sources …). */
  readonly contested: ReadonlyMap<ResourceKey, string>;
  /** Of the last plan, the actions of keys where there was nothing to do. */
  readonly idle: ReadonlyMap<ResourceKey, Action>;
}

/** One resource's part of the plan. */
export interface Sketch {
  readonly actions: readonly Action[];
  readonly diagnostics: readonly Diagnostic[];
  /** What has to be read before its actions can be judged. */
  readonly looks?: readonly ApiCall[];
}
