// Why this exists: what can go wrong in a real cluster, said by tests in a few words: faults are
// matched by method, path and count, and each fires a bounded number of times.

import {sentinelFault} from './sentinel.ts';
import type {Cluster} from './state.ts';
import type {Forked, Stage} from './task.ts';

/** What a matched request suffers. */
export type RequestFault =
  /** The connection is cut and nothing was done. */
  | {readonly kind: 'cut-before'}
  /** The server acts, then the connection is cut without an answer. */
  | {readonly kind: 'cut-after'}
  /** The server acts, and no answer ever comes; the connection stays open. */
  | {readonly kind: 'no-answer'}
  /** The server acts, the proxy gives up waiting: 596 after 30 s (or `afterMs`). */
  | {readonly kind: 'answer-lost'; readonly afterMs?: number}
  /** This answer instead, nothing done: 401, 403, 500 with a text, 595 … */
  | {readonly kind: 'answer'; readonly status: number; readonly reason: string}
  /** The server acts after this time, then answers. */
  | {readonly kind: 'slow'; readonly delayMs: number};

/** What a matched task suffers. */
export type TaskFault =
  /** It fails at its start, or at its end after having acted. */
  | {readonly kind: 'fails'; readonly text: string; readonly when: 'start' | 'end'}
  /** It does its work and ends with a warning. */
  | {readonly kind: 'warns'; readonly text: string}
  /** It takes this much longer before it acts. */
  | {readonly kind: 'late'; readonly delayMs: number}
  /** It is killed so long after its start: `unexpected status`, a `lock` stays, nothing undone. */
  | {readonly kind: 'killed'; readonly afterMs: number}
  /** It does its work, but once it has ended nobody knows of it: 400 `no such task`. */
  | {readonly kind: 'vanishes'};

/** A fault waiting for requests. */
export interface ArmedRequest {
  readonly method: string | undefined;
  readonly path: RegExp;
  skip: number;
  times: number;
  readonly fault: RequestFault;
}

/** A fault waiting for tasks. */
export interface ArmedTask {
  readonly type: string;
  readonly id: string | undefined;
  skip: number;
  times: number;
  readonly fault: TaskFault;
}

/** All armed faults of a cluster. */
export interface FaultPlan {
  readonly requests: ArmedRequest[];
  readonly tasks: ArmedTask[];
  /** Faults drawn from a seed, where nothing armed fits. */
  seeded: SeededFaults | undefined;
}

/** A source of random faults; undefined: none this time. */
export interface SeededFaults {
  readonly request: (method: string) => RequestFault | undefined;
  readonly task: () => TaskFault | undefined;
}

/** How many matches pass unharmed first, and how many then suffer (default the very next one). */
export interface Count {
  readonly skip?: number;
  readonly times?: number;
}

/** Arm a fault for requests; `path` is tested against the path below `/api2/json`, no query. */
export function armRequest(
  cluster: Cluster,
  match: {readonly method?: string; readonly path: RegExp} & Count,
  fault: RequestFault,
): void {
  const {method, path, skip = 0, times = 1} = match;
  cluster.faults.requests.push({method, path, skip, times, fault});
}

/** Arm a fault for workers of a type (`qmclone`), optionally of one id. */
export function armTask(
  cluster: Cluster,
  match: {readonly type: string; readonly id?: string} & Count,
  fault: TaskFault,
): void {
  const {type, id, skip = 0, times = 1} = match;
  cluster.faults.tasks.push({type, id, skip, times, fault});
}

/** The fault that this request meets, used up by it; undefined when none. */
export function takeRequestFault(
  cluster: Cluster,
  method: string,
  path: string,
): RequestFault | undefined {
  const fits = (armed: ArmedRequest): boolean =>
    (armed.method === undefined || armed.method === method) && armed.path.test(path);
  const armed = useUp(cluster.faults.requests, fits)?.fault;
  return armed ?? cluster.faults.seeded?.request(method);
}

/** How a worker runs: its stages, and what happens to it from outside. */
export interface Fate {
  readonly stages: Stage[];
  readonly killAfterMs: number | undefined;
  readonly vanishes: boolean;
}

/** The fate of a worker: by an armed fault, by its guest's sentinel tag, by the seed, or none. */
export function fateOf(cluster: Cluster, forked: Forked): Fate {
  const fits = (armed: ArmedTask): boolean =>
    armed.type === forked.type && (armed.id === undefined || armed.id === forked.id);
  const armed = useUp(cluster.faults.tasks, fits)?.fault;
  const fault = armed ?? sentinelFault(cluster, forked) ?? cluster.faults.seeded?.task();
  const stages = [...forked.stages];
  return {
    stages: fault === undefined ? stages : harm(stages, fault),
    killAfterMs: fault?.kind === 'killed' ? fault.afterMs : undefined,
    vanishes: fault?.kind === 'vanishes',
  };
}

function harm(stages: readonly Stage[], fault: TaskFault): Stage[] {
  switch (fault.kind) {
    case 'fails':
      return fault.when === 'start' ? [dies(fault.text)] : [...stages, dies(fault.text)];
    case 'warns':
      return [...stages, {kind: 'do', run: (worker) => worker.warn(fault.text)}];
    case 'late':
      return [{kind: 'wait', ms: fault.delayMs}, ...stages];
    case 'killed':
    case 'vanishes':
      return [...stages];
  }
}

function dies(text: string): Stage {
  return {
    kind: 'do',
    run: () => {
      throw new Error(text);
    },
  };
}

function useUp<Armed extends {skip: number; times: number}>(
  armed: readonly Armed[],
  fits: (one: Armed) => boolean,
): Armed | undefined {
  for (const one of armed) {
    if (one.times > 0 && fits(one)) {
      if (one.skip > 0) {
        one.skip -= 1;
        continue;
      }
      one.times -= 1;
      return one;
    }
  }
  return undefined;
}
