// Why this exists: the promises that a sabotage of the program would break, each as one story that
// is judged from what arrived at the cluster and what changed there.
import {deepEqual, equal, match} from 'node:assert/strict';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {publishNow} from '../../src/simulator/statistics.ts';
import {filesOf} from '../crash/scenario.ts';
import {CLUSTER, POLICY} from '../crash/world.ts';
import {
  didNothing,
  done,
  guestOf,
  minutes,
  reach,
  type Stage,
  sayYes,
  setStage,
  USUAL,
  until,
} from './stage.ts';

/** One promise and the story that tells whether it is kept. */
export interface Watchman {
  readonly title: string;
  readonly tell: () => Promise<void>;
}

/** A promise that a copy of the program breaks. */
export interface Broken {
  readonly title: string;
  /** By a claim that failed, not by a crash or because nothing came to an end. */
  readonly isJudged: boolean;
  readonly because: string;
}

const BIGGER = filesOf({...USUAL, web: {memory: '3GiB', disk: '8GiB'}});

/** Every promise that is watched. */
export const WATCHMEN: readonly Watchman[] = [
  {
    title: 'an edit by somebody else right before our write arrives is not written over',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      let edits = 0;
      const put = 'PUT /nodes/pve1/qemu/150/config';
      stage.onArrival = ({method, path}) => {
        if (edits > 0 || `${method} ${path.slice(10)}` !== put) return;
        guestOf(stage, 150).config.set('cores', '1');
        edits += 1;
      };
      const before = stage.answers.length;
      stage.story.repository.commit(BIGGER);
      await minutes(stage, 3);
      equal(edits, 1);
      equal(
        stage.answers.slice(before).find((answer) => answer.endsWith(put)),
        `500 ${put}`,
      );
    },
  },
  {
    title: 'a create whose answer was lost is not sent again',
    tell: async () => {
      const stage = setStage();
      armRequest(stage.cluster, {method: 'POST', path: /\/clone$/}, {kind: 'answer-lost'});
      stage.story.repository.commit(filesOf(USUAL));
      await minutes(stage, 5);
      equal(stage.writes.filter((write) => write.endsWith('/clone')).length, 1);
    },
  },
  {
    title: 'a task is judged by its exit status, and its words are told',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      armTask(stage.cluster, {type: 'resize'}, {kind: 'fails', text: 'no room', when: 'start'});
      stage.story.repository.commit(filesOf({...USUAL, db: {...USUAL.db, disk: '6GiB'}}));
      await minutes(stage, 2);
      const outcome = stage.story.journal.outcomes(CLUSTER, 1)[0];
      equal(outcome?.result, 'failed');
      match(outcome?.because ?? '', /no room/);
    },
  },
  {
    title: 'a guest on a node that does not answer is neither gone nor made anew',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      const [effects, writes] = [stage.cluster.effects.length, stage.writes.length];
      const {cluster, story} = stage;
      const node = cluster.nodes.get('pve2');
      if (node !== undefined) node.online = false;
      const unread = {method: 'GET', path: /\/qemu\/150\/pending$/, times: 500};
      armRequest(cluster, unread, {kind: 'answer', status: 595, reason: 'No route to host'});
      await minutes(stage, 5);
      story.repository.commit(filesOf({db: USUAL.db}));
      await minutes(stage, 20);
      didNothing(stage, effects);
      deepEqual(stage.writes.slice(writes), []);
      const records = story.journal.records(CLUSTER).map(({key}) => key);
      deepEqual(records.toSorted(), ['guest/150', 'guest/151']);
    },
  },
  {
    title: 'an empty repository deletes nothing, even with somebody who says yes to all',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      const effects = stage.cluster.effects.length;
      stage.story.repository.commit({});
      for (let times = 0; times < 5; times += 1) {
        await minutes(stage, 2);
        deepEqual(sayYes(stage), []);
      }
      didNothing(stage, effects);
    },
  },
  {
    title: 'a guest with the marker of another installation is not written to',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      const {config} = guestOf(stage, 150);
      const description = config.get('description') ?? '';
      config.set('description', description.replace('installation=home', 'installation=work'));
      await neverTouched(stage);
    },
  },
  {
    title: 'another guest under our VMID is not written to, even with our marker',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      const other = 'uuid=99999999-2222-4333-8444-555555555555';
      guestOf(stage, 150).config.set('smbios1', other);
      await neverTouched(stage);
    },
  },
  {
    title: 'whatever arrives at the cluster was journalled before',
    tell: async () => {
      const stage = setStage();
      const unannounced: string[] = [];
      stage.onArrival = ({method, path}) => {
        if (method === 'GET') return;
        const known = stage.story.journal.openIntents(CLUSTER).map(({step}) => step.call.path);
        if (!known.some((call) => path.startsWith(`/api2/json${call}`))) unannounced.push(path);
      };
      await reach(stage);
      await reach(stage, BIGGER);
      deepEqual(unannounced, []);
    },
  },
  {
    title: 'an approval counts once',
    tell: async () => {
      const stage = setStage({policy: {...POLICY, disruptive: 'approval'}});
      await reach(stage);
      for (const files of [BIGGER, filesOf(USUAL)]) {
        stage.story.repository.commit(files);
        await until(stage, () => sayYes(stage).length > 0);
        await minutes(stage, 5);
      }
      const stops = done(stage, 0, 'stop').length;
      equal(stops, 2);
      stage.story.repository.commit(BIGGER);
      await minutes(stage, 10);
      equal(done(stage, 0, 'stop').length, stops);
    },
  },
  {
    title: 'one guest has one action at a time',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      armTask(stage.cluster, {type: 'qmshutdown'}, {kind: 'late', delayMs: 200_000});
      stage.story.repository.commit(BIGGER);
      await minutes(stage, 5);
      equal(stage.writes.filter((write) => write.endsWith('/150/status/shutdown')).length, 1);
    },
  },
  {
    title: 'an older commit is not followed, and it is said',
    tell: async () => {
      const stage = setStage();
      await reach(stage);
      await reach(stage, BIGGER);
      const effects = stage.cluster.effects.length;
      stage.story.repository.rewind();
      await minutes(stage, 5);
      didNothing(stage, effects);
      const kinds = stage.story.process?.report?.sources.map(({error}) => error?.kind);
      deepEqual(kinds, ['rewritten']);
    },
  },
  {
    title: 'more deletions than the blast radius wait for a yes to all of them',
    tell: async () => {
      const stage = setStage();
      const many = Array.from({length: 7}, (_, index) => 160 + index);
      await reach(stage, {...filesOf(USUAL), ...Object.fromEntries(many.map(small))});
      stage.story.repository.commit(filesOf(USUAL));
      await until(stage, () => sayYes(stage).length === many.length);
      await minutes(stage, 10);
      deepEqual(done(stage, 0, 'destroy'), []);
    },
  },
];

async function neverTouched(stage: Stage): Promise<void> {
  publishNow(stage.cluster);
  const effects = stage.cluster.effects.length;
  stage.story.repository.commit(BIGGER);
  await minutes(stage, 5);
  stage.story.repository.commit(filesOf({db: USUAL.db}));
  await minutes(stage, 3);
  sayYes(stage);
  await minutes(stage, 5);
  didNothing(stage, effects);
}

function small(vmid: number): readonly [string, string] {
  const text = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: small-${vmid}}
spec: {vmid: ${vmid}, node: pve1, power: stopped, empty: {}, memory: 512MiB}
`;
  return [`small-${vmid}.yaml`, text];
}
