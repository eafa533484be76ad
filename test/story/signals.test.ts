// Why this exists: what a dashboard shows of people, calendar and signatures is told once, when it
// happens, and not again by every pass that finds it so.
import {expect, it} from 'vitest';
import type {Revision} from '../../src/core/model.ts';
import type {Window} from '../../src/core/policy.ts';
import {ok} from '../../src/core/result.ts';
import {keepApproval} from '../../src/reconcile/approvals.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {commit, DEFAULTS, manifest, NEO4J, patched} from './guest.ts';
import {approval, createStory, EAGER, type Story} from './world.ts';

const HOUR = 3_600_000;
const STOPPED = patched(NEO4J, {power: 'stopped'});
const FILES = {'vm.yaml': manifest(STOPPED), 'defaults.yaml': DEFAULTS};

it('a signature is told once a commit, good or bad, however many passes check it', async () => {
  let signature: Revision['signature'] = {kind: 'unchecked'};
  const fetched = (one: Revision) => ok({...one, signature});
  const story = createStory(demoCluster(), {files: FILES, fetched});
  await story.plan();
  expect(told(story, 'git-verification')).toEqual([]);
  signature = {kind: 'good', principal: 'ann'};
  commit(story, manifest(patched(STOPPED, {tags: ['a']})));
  for (let pass = 0; pass < 3; pass += 1) await story.plan();
  signature = {kind: 'bad', because: 'no principal matched'};
  commit(story, manifest(patched(STOPPED, {tags: ['b']})));
  for (let pass = 0; pass < 3; pass += 1) await story.plan();
  expect(told(story, 'git-verification')).toEqual(['good', 'bad']);
});

it('an approval that ran out unused is told once, a used one never', async () => {
  const story = createStory(demoCluster(), {files: FILES});
  await story.settle();
  const now = story.clock.now();
  const [unused, used] = [approval('a'.repeat(64), now), approval('b'.repeat(64), now)];
  for (const one of [unused, used]) keepApproval(story.journal, 'harness', one);
  const isSpent = story.journal.isSpent;
  Object.assign(story.journal, {isSpent: (id: string) => id === used.id || isSpent(id)});
  await story.plan();
  expect(told(story, 'approval')).toEqual([]);
  await story.clock.sleep(HOUR);
  await story.plan();
  await story.plan();
  expect(told(story, 'approval')).toEqual(['expired']);
});

it('the windows of each class are told as the gate sees them at the end of a pass', async () => {
  const window = (kind: Window['kind'], classes: Window['classes'], hour: number): Window => {
    return {kind, classes, schedule: `0 ${hour} * * *`, timeZone: 'UTC', durationMs: 2 * HOUR};
  };
  const windows = [window('allow', ['disruptive'], 11), window('deny', ['benign'], 12)];
  const policy = {...EAGER, disruptive: 'window', windows} as const;
  const nowMs = Date.UTC(2026, 0, 5, 10, 30);
  const story = createStory(demoCluster({nowMs}), {files: FILES, policy});
  const seen: unknown[] = [];
  for (let hour = 0; hour < 4; hour += 1) {
    const {benign, disruptive, destructive} = (await story.plan()).report.windows;
    seen.push([benign, disruptive, destructive]);
    await story.clock.sleep(HOUR);
  }
  expect(seen).toEqual([
    [true, false, true],
    [true, true, true],
    [false, true, true],
    [false, false, true],
  ]);
});

function told(story: Story, kind: 'approval' | 'git-verification'): readonly string[] {
  return story.events.flatMap((event) =>
    event.kind === kind && 'result' in event ? [event.result] : [],
  );
}
