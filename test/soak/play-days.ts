// Why this exists: weeks of work on virtual time, with commits, drift, faults and restarts, to see
// whether memory, listeners or the journal grow with time.
import {armRequest} from '../../src/simulator/faults.ts';
import {seededRandom} from '../../src/simulator/random.ts';
import {filesOf, scenarioCluster} from '../crash/scenario.ts';
import {Story} from '../crash/world.ts';

/** One point of the memory curve. */
export interface Sample {
  readonly hour: number;
  readonly heapMiB: number;
  /** What keeps the process alive: sockets, timers, files. */
  readonly handles: number;
  readonly passes: number;
  /** How often each thing happened so far. */
  readonly events: {readonly [what: string]: number};
}

/** How long is lived, and how it is looked at. */
export interface Life {
  readonly hours: number;
  readonly everyHours: number;
  /** Frees what can be freed. */
  readonly collect: () => void;
  /** Kept for ever with each pass, to see that the check can fail; 0: nothing. */
  readonly leakBytes: number;
}

const HOUR_MS = 3_600_000;
const MEBIBYTE = 1024 * 1024;

/** Lives for so many hours; a sample every `everyHours`. */
export async function playHours(life: Life): Promise<readonly Sample[]> {
  const {hours, everyHours, collect, leakBytes} = life;
  const random = seededRandom(11);
  const cluster = scenarioCluster(11);
  const passes = {count: 0};
  const kept: string[] = [];
  const onReport = (): void => {
    passes.count += 1;
    // A flat string of its own: one of repeated parts would take no room.
    if (leakBytes > 0) kept.push(Buffer.alloc(leakBytes, passes.count % 250).toString('latin1'));
  };
  const events: {[what: string]: number} = {};
  const story = new Story({cluster, journal: 'file', onReport});
  const samples: Sample[] = [];
  try {
    story.start();
    for (let hour = 0; hour <= hours; hour += 1) {
      if (hour % everyHours === 0) {
        samples.push({...sampleOf(hour, passes.count, collect), events: {...events}});
      }
      for (const what of live(story, random.below(14), hour)) count(events, what);
      if (hour % 24 === 23) count(events, await restart(story, hour));
      await story.sleep(HOUR_MS);
      forget(story);
    }
  } finally {
    story.end();
  }
  return samples;
}

function count(events: {[what: string]: number}, what: string): void {
  events[what] = (events[what] ?? 0) + 1;
}

function sampleOf(hour: number, passes: number, collect: () => void): Omit<Sample, 'events'> {
  collect();
  const heapMiB = process.memoryUsage().heapUsed / MEBIBYTE;
  return {hour, heapMiB, handles: process.getActiveResourcesInfo().length, passes};
}

/** What a house does in an hour: a commit, a hand at the wrong place, a bad line; in words. */
function live(story: Story, what: number, hour: number): readonly string[] {
  const {cluster, repository} = story;
  const guest = cluster.guests.get(151);
  const done: string[] = [];
  repository.failure = null;
  for (const node of cluster.nodes.values()) node.online = true;
  if (hour === 0 || what < 3) {
    const memory = what % 2 === 0 ? '2GiB' : '3GiB';
    const node = what % 3 === 0 ? 'pve1' : 'pve2';
    const db = {node, second: false, disk: '4GiB'};
    repository.commit(filesOf({web: {memory, disk: '8GiB'}, db}));
    done.push('commits');
  }
  if (what === 3) {
    repository.commit({'web.yaml': 'kind: ['});
    done.push('bad commits');
  }
  if (what === 4) guest?.config.set('onboot', '0');
  if (what === 5) guest?.config.set('memory', '1024');
  if (what === 4 || what === 5) done.push('drifts');
  if (what > 6 && what < 12) {
    armRequest(cluster, {method: 'GET', path: /./, times: what * 3}, {kind: 'cut-after'});
    armRequest(cluster, {method: 'PUT', path: /./}, {kind: 'answer-lost'});
    done.push('cut lines');
  }
  if (what === 12) {
    repository.failure = {kind: 'timeout', message: 'no answer', remedy: 'wait'};
    done.push('silent remotes');
  }
  if (what === 13) {
    for (const node of cluster.nodes.values()) node.online = node.name === 'pve1';
    done.push('lost nodes');
  }
  return done;
}

/** By turns in an orderly way and killed. */
async function restart(story: Story, hour: number): Promise<string> {
  const clean = Math.floor(hour / 24) % 2 === 0;
  if (clean) await story.stop();
  else story.kill();
  story.processes.length = 0;
  story.start();
  return clean ? 'restarts' : 'kills';
}

/** The simulator's own memory of what happened is no leak of ours. */
function forget({cluster, repository}: Story): void {
  cluster.effects.length = 0;
  cluster.log.length = 0;
  cluster.faults.requests.length = 0;
  for (const [upid, task] of cluster.tasks) {
    if (task.exitStatus !== undefined) cluster.tasks.delete(upid);
  }
  repository.forget();
}
