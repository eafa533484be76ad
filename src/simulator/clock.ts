// Why this exists: all that happens later in the cluster (a task's end, a lock's time-out, the
// statistics cycle) waits in one queue on virtual time, so nothing sleeps and a seed repeats.
import type {Cluster} from './state.ts';

/** One thing due at a virtual time; `order` keeps first-come order among equals. */
export interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** A heap of things due, smallest time first. */
export interface Schedule {
  readonly heap: Due[];
  nextOrder: number;
}

/** Run `run` when the cluster's clock reaches `atMs`; returns a function that cancels it. */
export function at(cluster: Cluster, atMs: number, run: () => void): () => void {
  const {schedule} = cluster;
  const due: Due = {atMs, order: schedule.nextOrder++, run, cancelled: false};
  push(schedule.heap, due);
  return () => {
    due.cancelled = true;
  };
}

/** Run `run` after `delayMs` of virtual time; returns a function that cancels it. */
export function after(cluster: Cluster, delayMs: number, run: () => void): () => void {
  return at(cluster, cluster.nowMs + Math.max(0, delayMs), run);
}

/** Move the clock to `nowMs` (never back), running all that falls due on the way, in order. */
export function advance(cluster: Cluster, nowMs: number): void {
  for (let due = peek(cluster); due !== undefined && due.atMs <= nowMs; due = peek(cluster)) {
    pop(cluster.schedule.heap);
    cluster.nowMs = Math.max(cluster.nowMs, due.atMs);
    due.run();
  }
  cluster.nowMs = Math.max(cluster.nowMs, nowMs);
}

/** When the next thing is due, in ms of virtual time; undefined when nothing is. */
export function nextDueMs(cluster: Cluster): number | undefined {
  return peek(cluster)?.atMs;
}

function peek(cluster: Cluster): Due | undefined {
  const {heap} = cluster.schedule;
  while (heap[0]?.cancelled === true) {
    pop(heap);
  }
  return heap[0];
}

function before(left: Due, right: Due): boolean {
  return left.atMs === right.atMs ? left.order < right.order : left.atMs < right.atMs;
}

function push(heap: Due[], due: Due): void {
  heap.push(due);
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || !before(due, above)) {
      break;
    }
    heap[child] = above;
    child = parent;
  }
  heap[child] = due;
}

function pop(heap: Due[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) {
    return;
  }
  let hole = 0;
  for (;;) {
    const child = smallerChild(heap, hole);
    const below = heap[child];
    if (below === undefined || !before(below, last)) {
      break;
    }
    heap[hole] = below;
    hole = child;
  }
  heap[hole] = last;
}

function smallerChild(heap: readonly Due[], parent: number): number {
  const left = heap[2 * parent + 1];
  const right = heap[2 * parent + 2];
  const rightIsSmaller = left !== undefined && right !== undefined && before(right, left);
  return 2 * parent + (rightIsSmaller ? 2 : 1);
}
