// Why this exists: a worker with a UPID: timed stages, locks it holds, a log, an exit status, and
// what happens when it is stopped half-way. Texts and fields as facts.md section 5.
import {after} from './clock.ts';
import {ApiFailure} from './failure.ts';
import type {Fate} from './faults.ts';
import {fateOf} from './faults.ts';
import type {LockWish} from './flock.ts';
import {acquire} from './flock.ts';
import type {Auth} from './route.ts';
import type {Cluster, Task} from './state.ts';
import {logLine, nodeSeconds} from './state.ts';

/** What a stage can do with its task. A thrown Error ends the task with its message. */
export interface Worker {
  readonly cluster: Cluster;
  readonly upid: string;
  /** Add a line to the task's log. */
  readonly log: (line: string) => void;
  /** Add a `WARN: …` line; the task ends with `WARNINGS: n`. */
  readonly warn: (line: string) => void;
}

/** One step of a worker, done in order. */
export type Stage =
  /** Take a lock file and hold it until the worker ends. */
  | ({readonly kind: 'lock'} & LockWish)
  /** Give back all lock files before the worker ends (a snapshot works under its lock key). */
  | {readonly kind: 'unlock'}
  /** Let virtual time pass; a function is asked when the stage is reached. */
  | {readonly kind: 'wait'; readonly ms: number | (() => number)}
  /** A check (throw to fail) or an effect, at the time the stage is reached. */
  | {readonly kind: 'do'; readonly run: (worker: Worker) => void}
  /** More stages, decided when this one is reached; they are done before the following ones. */
  | {readonly kind: 'then'; readonly stages: (worker: Worker) => readonly Stage[]}
  /** Registered when reached: runs if the worker fails or is stopped later. Latest first. */
  | {readonly kind: 'undo'; readonly run: (worker: Worker) => void};

/** What `fork` needs. */
export interface Forked {
  readonly node: string;
  readonly type: string;
  /** `''` for none. */
  readonly id: string;
  readonly auth: Auth;
  readonly stages: readonly Stage[];
}

/** Start a worker; returns its UPID. Its first stages run before this returns. */
export function fork(cluster: Cluster, forked: Forked): string {
  const task = register(cluster, forked);
  logLine(cluster, forked.node, forked.auth.authid, `starting task ${task.upid}`);
  const fate = fateOf(cluster, forked);
  const run = new Run(cluster, {task, forked, fate});
  task.stop = (exitStatus) => run.interrupt(exitStatus);
  run.next();
  if (fate.killAfterMs !== undefined) {
    after(cluster, fate.killAfterMs, () => task.stop?.('unexpected status'));
  }
  return task.upid;
}

/** Whether an exit status counts as success. */
function succeeded(exitStatus: string): boolean {
  return exitStatus === 'OK' || /^WARNINGS: \d+$/.test(exitStatus);
}

function register(cluster: Cluster, forked: Forked): Task {
  const node = cluster.nodes.get(forked.node);
  const pid = node === undefined ? 1000 : node.nextPid++;
  const pstart = Math.floor((cluster.nowMs - (node?.bootedAtMs ?? 0)) / 10);
  const startS = nodeSeconds(cluster, forked.node);
  const hex = (value: number): string => value.toString(16).toUpperCase().padStart(8, '0');
  const numbers = `${hex(pid)}:${hex(pstart)}:${hex(startS)}`;
  const upid = `UPID:${forked.node}:${numbers}:${forked.type}:${forked.id}:${forked.auth.authid}:`;
  const task: Task = {
    upid,
    node: forked.node,
    pid,
    pstart,
    startS,
    type: forked.type,
    id: forked.id,
    user: forked.auth.user,
    tokenid: forked.auth.tokenid,
    log: [],
    endS: undefined,
    exitStatus: undefined,
    warnings: 0,
    stop: undefined,
  };
  cluster.tasks.set(upid, task);
  forgetOldTasks(cluster);
  return task;
}

/** The archive is an index of bounded size; a week of simulated time must not fill the memory. */
const archivedTasks = 1_100;

function forgetOldTasks(cluster: Cluster): void {
  for (const [upid, task] of cluster.tasks) {
    if (cluster.tasks.size <= archivedTasks) {
      return;
    }
    if (task.exitStatus !== undefined) {
      cluster.tasks.delete(upid);
    }
  }
}

/** A worker on its way: a class because it has a lifetime. */
class Run {
  readonly #cluster: Cluster;
  readonly #task: Task;
  readonly #forked: Forked;
  readonly #todo: Stage[];
  readonly #vanishes: boolean;
  readonly #releases: (() => void)[] = [];
  readonly #undo: ((worker: Worker) => void)[] = [];
  readonly #worker: Worker;

  constructor(cluster: Cluster, parts: {task: Task; forked: Forked; fate: Fate}) {
    const {task, forked, fate} = parts;
    this.#vanishes = fate.vanishes;
    this.#cluster = cluster;
    this.#task = task;
    this.#forked = forked;
    this.#todo = fate.stages;
    this.#worker = {
      cluster,
      upid: task.upid,
      log: (line) => task.log.push(...line.split('\n')),
      warn: (line) => {
        task.log.push(`WARN: ${line}`);
        task.warnings += 1;
      },
    };
  }

  next(): void {
    while (this.#task.exitStatus === undefined) {
      const stage = this.#todo.shift();
      if (stage === undefined) {
        this.#finish(this.#task.warnings > 0 ? `WARNINGS: ${this.#task.warnings}` : 'OK');
        return;
      }
      if (!this.#step(stage)) {
        return;
      }
    }
  }

  interrupt(exitStatus: string): void {
    if (this.#task.exitStatus === undefined) {
      this.#fail(exitStatus);
    }
  }

  /** Does one stage; false when the rest goes on later. */
  #step(stage: Stage): boolean {
    switch (stage.kind) {
      case 'lock':
        return this.#lock(stage);
      case 'unlock':
        for (const release of this.#releases.splice(0)) {
          release();
        }
        return true;
      case 'wait': {
        const ms = typeof stage.ms === 'number' ? stage.ms : stage.ms();
        after(this.#cluster, ms, () => this.next());
        return false;
      }
      case 'do':
        return this.#guarded(() => stage.run(this.#worker));
      case 'then':
        return this.#guarded(() => this.#todo.unshift(...stage.stages(this.#worker)));
      case 'undo':
        this.#undo.push(stage.run);
        return true;
    }
  }

  #lock(wish: LockWish): boolean {
    let granted = false;
    let goOn = false;
    acquire(
      this.#cluster,
      wish,
      (release) => {
        if (this.#task.exitStatus !== undefined) {
          release();
          return;
        }
        this.#releases.push(release);
        granted = true;
        if (goOn) {
          this.next();
        }
      },
      (reason) => this.interrupt(reason),
    );
    goOn = true;
    return granted;
  }

  #guarded(action: () => void): boolean {
    this.#cluster.actor = this.#forked.auth.authid;
    try {
      action();
      return true;
    } catch (error) {
      if (!(error instanceof Error)) {
        throw error;
      }
      this.#fail(deathText(error));
      return false;
    }
  }

  #fail(message: string): void {
    this.#cluster.actor = this.#forked.auth.authid;
    // A killed worker undoes nothing: what it left behind stays.
    const undo = message === 'unexpected status' ? [] : this.#undo.reverse();
    for (const run of undo) {
      run(this.#worker);
    }
    this.#finish(message.replace(/\n+$/, '').replaceAll('\n', ' '));
  }

  #finish(exitStatus: string): void {
    const task = this.#task;
    task.log.push(lastLine(exitStatus));
    task.exitStatus = exitStatus;
    task.endS = nodeSeconds(this.#cluster, task.node);
    task.stop = undefined;
    const {authid} = this.#forked.auth;
    logLine(this.#cluster, task.node, authid, `end task ${task.upid} ${exitStatus}`);
    for (const release of this.#releases.splice(0)) {
      release();
    }
    if (this.#vanishes) {
      this.#cluster.tasks.delete(task.upid);
    }
  }
}

/** An error with a code dies as text with the code before it, and its parameters after it. */
export function deathText(error: Error): string {
  if (!(error instanceof ApiFailure) || error.status === 500) {
    return error.message;
  }
  const errors = Object.entries(error.errors ?? {});
  const lines = errors.map(([key, text]) => `\n${key}: ${text.replaceAll('\n', ' ')}`);
  return `${error.status} ${error.message}${lines.join('')}`;
}

function lastLine(exitStatus: string): string {
  if (succeeded(exitStatus)) {
    return `TASK ${exitStatus}`;
  }
  return `TASK ERROR: ${exitStatus}`;
}
