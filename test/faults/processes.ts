// Why this exists: what may become of the controller itself: stopped, killed, frozen, doubled, and
// what may become of its journal.
import type {Event} from './scene.ts';

/** A clean stop has so long. */
const STOP_MS = 10_000;

/** SIGKILL, and somebody starts it again after a while. */
export const killed: Event = async ({story, watch}, random) => {
  story.kill();
  watch.died();
  await story.sleep(random.below(60_000));
  story.start();
  return 'killed and started';
};

/** SIGTERM, and somebody starts it again after a while. */
export const stopped: Event = async ({story, watch}, random) => {
  if (story.isFull) return 'nobody stops it';
  const before = story.clock.monotonic();
  await story.stopAll();
  const took = story.clock.monotonic() - before;
  if (took > STOP_MS) watch.says(`a clean stop took ${took} ms`);
  watch.died();
  await story.sleep(random.below(60_000));
  story.start();
  return `stopped in ${took} ms and started`;
};

/** Somebody starts another one beside it. */
export const secondController: Event = ({story}) => {
  story.start();
  return 'a second controller is started by mistake';
};

/** The machine is paused for longer than a lease lasts, and goes on where it was. */
export const frozen: Event = async ({story}, random) => {
  const process = story.leader;
  if (process === null) return 'nobody is frozen';
  const forMs = 5_000 + random.below(90_000);
  process.life.freeze();
  if (random.below(2) === 0) story.start();
  await story.sleep(forMs);
  process.life.thaw();
  return `${process.holder} was frozen for ${forMs} ms`;
};

/** The disk is full for a while; somebody starts what only looks since, or it goes on by itself. */
export const fullDisk: Event = async ({story, watch}, random) => {
  story.isFull = true;
  await story.sleep(5_000 + random.below(90_000));
  story.isFull = false;
  if (random.below(2) === 0) return 'the disk was full for a while, and has room again';
  story.kill();
  watch.died();
  story.start();
  return 'the disk was full for a while, and it was started anew';
};

/** The journal is copied. */
export const backup: Event = ({story, inFile}) => {
  if (!inFile) return 'no backup is made';
  story.backUp();
  return 'the journal is copied';
};

/** The journal is lost, or its last copy is put back. */
export const journalChange: Event = (scene, random) => {
  const {story, watch, inFile} = scene;
  if (!inFile) return 'the journal is left alone';
  const how = story.changeJournal(random.below(3) === 0 ? 'lost' : 'restored');
  watch.died();
  scene.forgot = true;
  watch.forgot();
  story.start();
  return `the journal is ${how}`;
};
