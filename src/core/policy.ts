// Why this exists: what the operator allows. The config room reads these values from the
// controller's file, the gate judges by them; the repository that is judged can never change them.
import type {Risk} from './model.ts';

/** What happens with actions of a class: at once, in a window, when approved, never. */
export type ClassMode = 'automatic' | 'window' | 'approval' | 'observe';

/** Every spelling of ClassMode, for the configuration's schema. */
export const CLASS_MODES = [
  'automatic',
  'window',
  'approval',
  'observe',
] as const satisfies readonly ClassMode[];

/** Destructive actions are approved one by one or never carried out; there is no automatic. */
export type DestructiveMode =
  | {
      readonly kind: 'approval';
      /** How many different principals must approve; at least 1. */
      readonly quorum: number;
      /** True: who wrote the change may not approve it. */
      readonly notAuthor: boolean;
      /** True: `pvegit apply --approve` counts as an approval. */
      readonly terminal: boolean;
    }
  | {readonly kind: 'observe'};

/** Whether drift of a class is put right (as the class's mode says) or only shown. */
export type DriftMode = 'correct' | 'report';

/** How many destructive actions one plan may hold: the larger of the two. */
export interface BlastRadius {
  readonly actions: number;
  /** 0 to 100, of the managed guests. */
  readonly guestsPercent: number;
}

/** A stretch of time that recurs. `deny` wins over `allow`. */
export interface Window {
  readonly kind: 'allow' | 'deny';
  /** Classes it is about. */
  readonly classes: readonly Risk[];
  /** Cron expression of the opening, five fields. */
  readonly schedule: string;
  /** IANA name, such as `Europe/Paris`. */
  readonly timeZone: string;
  readonly durationMs: number;
}

/** What the gate judges by (config.md, `policy`). */
export interface Policy {
  readonly benign: ClassMode;
  readonly disruptive: ClassMode;
  readonly destructive: DestructiveMode;
  /** Drift that is destructive to correct always follows `destructive`. */
  readonly drift: {readonly benign: DriftMode; readonly disruptive: DriftMode};
  readonly blastRadius: BlastRadius;
  readonly windows: readonly Window[];
  /** How long a volume that was set aside is kept, in ms; left out: two weeks. */
  readonly quarantineMs?: number;
  /** How long a task of an operation is expected to take (`clone`, `backup`, `cycle` …), in ms. */
  readonly expectedMs: {readonly [operation: string]: number};
}

/** VMIDs from `from` to `to`, both included. */
export interface VmidRange {
  readonly from: number;
  readonly to: number;
}

/** What a source may touch. A list holds exact names, or `*` for all; an empty list allows none. */
export interface Scope {
  /** Empty allows no guest at all. */
  readonly vmids: readonly VmidRange[];
  readonly nodes: readonly string[];
  readonly storages: readonly string[];
  readonly bridges: readonly string[];
  readonly pools: readonly string[];
  readonly kinds: readonly string[];
  /** Whether PCI, USB and other host devices may be given to guests. */
  readonly devices: boolean;
}

/** How much of one cluster may be used at once (config.md, `concurrency`). */
export interface Limits {
  readonly readsPerNode: number;
  readonly tasksPerNode: number;
  readonly clonesPerStorage: number;
}
