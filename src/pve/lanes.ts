// Why this exists: a node has three workers for protected calls (facts.md sections 1 and 17), so
// calls to one node queue here: few at a time, a write before a task's status before a read.

/** Who goes first: a write, then the status of a task, then a read. */
export type Priority = 'write' | 'task' | 'read';

const ORDER = ['write', 'task', 'read'] as const satisfies readonly Priority[];

type Waiter = {readonly enter: () => void};

interface Lane {
  active: number;
  readonly waiting: Record<Priority, Set<Waiter>>;
}

/** Queues by name, each with the same number of places. */
export interface Lanes {
  /** Waits for a place and returns what gives it back; null when the signal aborted first. */
  enter(name: string, priority: Priority, signal?: AbortSignal): Promise<(() => void) | null>;
}

/** Lanes with `places` calls at a time each. */
export function createLanes(places: number): Lanes {
  const lanes = new Map<string, Lane>();
  const enter: Lanes['enter'] = (name, priority, signal) => {
    if (signal?.aborted === true) return Promise.resolve(null);
    const lane = laneNamed(lanes, name);
    if (lane.active < places) {
      lane.active++;
      return Promise.resolve(leaver(lanes, name, lane));
    }
    return new Promise((resolve) => {
      const give = (value: (() => void) | null): void => {
        signal?.removeEventListener('abort', abort);
        lane.waiting[priority].delete(waiter);
        resolve(value);
      };
      const abort = (): void => give(null);
      const waiter: Waiter = {enter: () => give(leaver(lanes, name, lane))};
      lane.waiting[priority].add(waiter);
      signal?.addEventListener('abort', abort, {once: true});
    });
  };
  return {enter};
}

function laneNamed(lanes: Map<string, Lane>, name: string): Lane {
  const known = lanes.get(name);
  if (known !== undefined) return known;
  const lane: Lane = {
    active: 0,
    waiting: {write: new Set(), task: new Set(), read: new Set()},
  };
  lanes.set(name, lane);
  return lane;
}

/** Gives the place to the next in order, or back; a second call does nothing. */
function leaver(lanes: Map<string, Lane>, name: string, lane: Lane): () => void {
  let left = false;
  return () => {
    if (left) return;
    left = true;
    for (const priority of ORDER) {
      const [next] = lane.waiting[priority];
      if (next !== undefined) {
        next.enter();
        return;
      }
    }
    lane.active--;
    if (lane.active === 0) lanes.delete(name);
  };
}
