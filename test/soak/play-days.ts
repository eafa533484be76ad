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
}

const HOUR_MS = 3_600_000;
const MEBIBYTE = 1024 * 1024;

/** Lives for so many hours; a sample every `everyHours`. `collect` frees what can be freed. */
export async function playHours(
  hours: number,
  everyHours: number,
  collect: () => void,
): Promise<readonly Sample[]> {
  const random = seededRandom(11);
  const cluster = scenarioCluster(11);
  const passes = {count: 0};
  const story = new Story({cluster, journal: 'file', onReport: () => (passes.count += 1)});
  const samples: Sample[] = [];
  try {
    story.start();
    for (let hour = 0; hour <= hours; hour += 1) {
      if (hour % everyHours === 0) samples.push(sampleOf(hour, passes.count, collect));
      live(story, random.below(12), hour);
      if (hour % 24 === 23) await restart(story);
      await story.sleep(HOUR_MS);
      forget(story);
    }
  } finally {
    story.end();
  }
  return samples;
}

function sampleOf(hour: number, passes: number, collect: () => void): Sample {
  collect();
  const heapMiB = process.memoryUsage().heapUsed / MEBIBYTE;
  return {hour, heapMiB, handles: process.getActiveResourcesInfo().length, passes};
}

/** What a house does in an hour: a commit, a hand at the wrong place, a bad line. */
function live(story: Story, what: number, hour: number): void {
  const guest = story.cluster.guests.get(151);
  if (hour === 0 || what < 3) {
    const memory = what % 2 === 0 ? '2GiB' : '3GiB';
    const node = what % 3 === 0 ? 'pve1' : 'pve2';
    story.repository.commit(
      filesOf({web: {memory, disk: '8GiB'}, db: {node, second: false, disk: '4GiB'}}),
    );
  }
  if (what === 4) guest?.config.set('onboot', '0');
  if (what === 5) guest?.config.set('memory', '1024');
  if (what > 6) armRequest(story.cluster, {path: /./, times: what * 3}, {kind: 'cut-after'});
}

async function restart(story: Story): Promise<void> {
  await story.stop();
  story.processes.length = 0;
  story.start();
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
