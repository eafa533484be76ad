// Why this exists: one pass as the operator sees it, and the events that metrics are made of.
// Status shows them; reconcile and apply make them.
import type {Action, Cause, Outcome, Plan, Reason, Verb, Verdict, Waiting} from './action.ts';
import type {Diagnostic, Directives, KindName, ResourceKey, Risk} from './model.ts';
import type {SourceError, Suspension} from './ports.ts';

/** Closed set of states a resource is in; exactly one at a time. */
export const RESOURCE_STATES = [
  'in_sync',
  'out_of_sync',
  'held',
  'applying',
  'failed',
  'undetermined',
  'suspended',
] as const;
export type ResourceState = (typeof RESOURCE_STATES)[number];

/** Stages of a pass, in order. */
export const STAGES = ['fetch', 'observe', 'plan', 'gate', 'dispatch'] as const;
export type Stage = (typeof STAGES)[number];

/** One resource after a pass. */
export interface ResourceReport {
  readonly key: ResourceKey;
  /** `qemu/150`, joins with other exporters. */
  readonly id: string;
  readonly kind: KindName;
  readonly name: string;
  readonly node: string | null;
  readonly mode: Directives['mode'];
  readonly source: string;
  readonly state: ResourceState;
  /** Why it is not in sync, first the shown reason; empty when in sync. */
  readonly because: readonly {
    readonly reason: Reason | null;
    readonly detail: string;
    readonly remedy: string;
  }[];
  /** Drift and conflict by class; since when, ms since the epoch. */
  readonly drift: readonly {
    readonly risk: Risk;
    readonly cause: Extract<Cause, 'drift' | 'conflict'>;
    readonly fields: number;
    readonly since: number;
  }[];
}

/** One source after its fetch. */
export interface SourceReport {
  readonly name: string;
  /** URL without credentials, or the folder. */
  readonly repository: string;
  /** The commit in force; null before the first good one. */
  readonly commit: string | null;
  readonly subject: string | null;
  readonly author: string | null;
  readonly committedAt: number | null;
  /** Why the newest state is not in force; null when it is. */
  readonly error: SourceError | null;
  readonly documents: number;
  readonly diagnostics: readonly Diagnostic[];
}

/** One pass over one cluster. */
export interface Report {
  readonly cluster: string;
  readonly startedAt: number;
  readonly endedAt: number;
  /** ok: all read and planned; degraded: something could not be read; failed: no plan. */
  readonly result: 'ok' | 'degraded' | 'failed';
  readonly stages: readonly {
    readonly stage: Stage;
    readonly seconds: number;
    readonly ok: boolean;
    readonly because: string | null;
  }[];
  readonly sources: readonly SourceReport[];
  readonly plan: Plan | null;
  readonly verdicts: readonly Verdict[];
  readonly resources: readonly ResourceReport[];
  readonly applying: readonly {
    readonly key: ResourceKey;
    readonly name: string;
    readonly verb: Verb;
    readonly fingerprint: string;
    readonly says: string | null;
    readonly startedAt: number;
  }[];
  /** Fingerprints that this pass started. */
  readonly dispatched: readonly string[];
  readonly requests: number;
  readonly quorate: boolean | null;
  readonly endpoints: readonly {readonly url: string; readonly up: boolean}[];
  readonly openIntents: number;
  readonly journalIsNew: boolean;
  /** Whether the calendar lets a class run now: no deny window, an open one if it needs one. */
  readonly windows: {readonly [risk in Risk]: boolean};
}

/** All about one resource, for `why` and the API. */
export interface ResourceDetail {
  readonly cluster: string;
  readonly resource: ResourceReport;
  readonly actions: readonly Action[];
  readonly verdicts: readonly Verdict[];
  readonly waiting: readonly Waiting[];
  /** Pauses in force that it is under, its own and the cluster's. */
  readonly suspensions: readonly Suspension[];
  /** Newest first, at most 20. */
  readonly outcomes: readonly Outcome[];
}

/** One cluster in the status document: the report without what only matters to details. */
export interface ClusterStatus
  extends Omit<Report, 'plan' | 'verdicts' | 'resources' | 'dispatched'> {
  /** How many resources are in each state. */
  readonly counts: {readonly [state in ResourceState]: number};
  /** Resources that are not in sync, at most `LISTED_RESOURCES`. */
  readonly notInSync: readonly ResourceReport[];
  /** Live guests that nobody manages; null: not known. */
  readonly unmanaged: number | null;
  readonly suspensions: readonly Suspension[];
  /** Newest first, at most 20. */
  readonly outcomes: readonly Outcome[];
  readonly intents: readonly {
    readonly id: number;
    readonly key: ResourceKey;
    readonly says: string;
    readonly state: string;
    readonly openedAt: number;
  }[];
}

/** The status document lists at most this many resources; the rest is counted. */
export const LISTED_RESOURCES = 200;

/** Answer of `/api/v1/status` and of `pvegit status --json`. */
export interface StatusDocument {
  readonly version: string;
  readonly installation: string;
  /** ms since the epoch; null when it was read from the journal without a controller. */
  readonly startedAt: number | null;
  readonly clusters: readonly ClusterStatus[];
}

/** What happened, for counters and histograms. Labels come from closed sets only. */
export type MetricEvent =
  | {
      readonly kind: 'pve-request';
      readonly cluster: string;
      readonly operation: string;
      /** HTTP status, or `error` when there was no answer. */
      readonly code: string;
      readonly seconds: number;
    }
  | {readonly kind: 'pass'; readonly report: Report}
  | {readonly kind: 'outcome'; readonly outcome: Outcome; readonly action: Action}
  | {
      readonly kind: 'task-started';
      readonly cluster: string;
      readonly node: string;
      readonly type: string;
    }
  | {
      readonly kind: 'task';
      readonly cluster: string;
      readonly node: string;
      /** Task type, such as `qmstart`. */
      readonly type: string;
      readonly result: 'ok' | 'warnings' | 'failed' | 'unknown';
      readonly seconds: number;
    }
  | {
      readonly kind: 'git-fetch';
      /** Source name. */
      readonly repository: string;
      readonly result: 'changed' | 'unchanged' | 'failed';
      readonly seconds: number;
    }
  | {
      /** Once for each commit that a source asks signatures of. */
      readonly kind: 'git-verification';
      readonly result: 'good' | 'bad';
    }
  | {
      /** given: a controller took it up. used: its action began. expired: nobody needed it. */
      readonly kind: 'approval';
      readonly result: 'given' | 'used' | 'expired';
    }
  | {readonly kind: 'journal-write'; readonly seconds: number}
  | {readonly kind: 'config-reload'; readonly ok: boolean}
  | {readonly kind: 'leader'; readonly cluster: string; readonly held: boolean}
  | {readonly kind: 'forget-cluster'; readonly cluster: string};

/** Where events go; a plain sink that never throws. */
export interface Metrics {
  emit(event: MetricEvent): void;
}
