// Why this exists: what fits into a window is learnt from how long it took the last times; a guest
// that needs four minutes to go down is not shut down right before the time kept free.
import {describe, expect, it} from 'vitest';
import {durationNames} from '../../src/core/durations.ts';
import type {Policy, Window} from '../../src/core/policy.ts';
import {forgetDurations, keepDuration, longestDurations} from '../../src/journal/durations.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {commit, DEFAULTS, guestOf, manifest, NEO4J, patched, reasons} from './guest.ts';
import {createStory, EAGER, type Story} from './world.ts';

const RUNNING = patched(NEO4J, {power: 'running'});
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const FREEZE: Window = {
  kind: 'deny',
  classes: ['benign', 'disruptive'],
  schedule: '0 9 * * *',
  timeZone: 'UTC',
  durationMs: 8 * 60 * MINUTE,
};

/** A guest that runs, two hours before the freeze. */
async function begin(policy: Partial<Policy> = {}): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(RUNNING)};
  const story = createStory(demoCluster(), {
    files,
    policy: {...EAGER, ...policy, windows: [FREEZE]},
  });
  await sleepUntil(story, 120);
  await story.settle();
  expect(guestOf(story).runtime).toBeDefined();
  return story;
}

/** So many minutes before the next freeze. */
async function sleepUntil({clock}: Story, minutes: number): Promise<void> {
  const at = 9 * 60 * MINUTE - minutes * MINUTE;
  await clock.sleep((at - (clock.now() % DAY) + DAY) % DAY);
}

async function cores(story: Story, count: number): Promise<void> {
  commit(story, manifest(patched(RUNNING, {cpu: {cores: count}})));
  await story.settle();
}

describe('what would run into a window', () => {
  it('is told by how long it took on that guest, where that is longer than usual', async () => {
    const story = await begin();
    armTask(story.simulator, {type: 'qmshutdown'}, {kind: 'late', delayMs: 4 * MINUTE});
    await cores(story, 3);
    await sleepUntil(story, 4);
    await cores(story, 4);
    expect(guestOf(story).config.get('cores')).toBe('3');
    expect((await reasons(story)).join()).toMatch(/expected to take 30\d s, a deny window/);
    await sleepUntil(story, 20);
    await story.settle();
    expect(guestOf(story).config.get('cores')).toBe('4');
  });

  it('is told by how long it took on that guest, where that is shorter', async () => {
    const story = await begin({expectedMs: {shutdown: 60 * MINUTE}});
    await cores(story, 3);
    await sleepUntil(story, 30);
    await cores(story, 4);
    expect(guestOf(story).config.get('cores')).toBe('4');
  });

  it('is as configured for a guest of which nothing is known', async () => {
    const story = await begin({expectedMs: {shutdown: 60 * MINUTE}});
    await sleepUntil(story, 30);
    await cores(story, 4);
    expect(guestOf(story).config.get('cores')).not.toBe('4');
  });

  it('is told for another guest by the storage that it is cloned to', async () => {
    const story = await begin({expectedMs: {clone: 60 * MINUTE}});
    await sleepUntil(story, 30);
    story.files.set('two.yaml', manifest({...NEO4J, vmid: 151}, {name: 'two'}));
    await story.settle();
    expect(story.simulator.guests.has(151)).toBe(true);
  });
});

describe('of durations', () => {
  it('the last five count, and those of a guest go with it', async () => {
    const {journal} = await begin();
    const names = ['stop/guest/250', 'clone-full/storage/x', 'stop/guest/1250'];
    for (const name of names) {
      for (const ms of [9_000, 1, 2, 3_000.5, 4, 5]) keepDuration(journal, 'moon', name, ms);
    }
    const longest = longestDurations(journal, 'moon');
    expect(longest).toEqual(Object.fromEntries(names.map((name) => [name, 3_001])));
    forgetDurations(journal, 'moon', 'guest/250');
    expect(Object.keys(longestDurations(journal, 'moon'))).toEqual(names.slice(1).toSorted());
  });

  it('a linked clone tells nothing of a full one', async () => {
    const story = await begin();
    const {report} = await story.plan();
    expect(report.resources.length).toBe(1);
    expect(Object.keys(longestDurations(story.journal, 'harness'))).toEqual(
      expect.arrayContaining(['clone-full/guest/150', 'clone-full/storage/local-lvm']),
    );
    const intent = story.journal.intent(1);
    if (intent === null) throw new Error('nothing was done');
    const {step} = intent;
    const params = {...step.call.params, full: 0};
    const linked = {...step, call: {...step.call, params}};
    expect(durationNames(intent.action, linked)?.guest).toBe('clone-linked/guest/150');
  });
});
