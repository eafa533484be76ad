// Why this exists: every edit that a person makes converges on a running and on a stopped guest,
// through the whole engine: the plan says the risk, applying brings about what the manifest says,
// the next plan is empty, and the former text brings the former state back.
import {describe, expect, it} from 'vitest';
import {worstRisk} from '../../src/core/model.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {STORY_EDITS, type StoryEdit} from './edit-table.ts';
import {
  commit,
  configOf,
  guestOf,
  manifest,
  NEO4J,
  open,
  openLines,
  patched,
  pendingOf,
  SECRET,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

describe.each(['running', 'stopped'] as const)('an edit of a %s guest', (power) => {
  it.for(STORY_EDITS)('converges and a revert reverts: $title', async (edit) => {
    const former = manifest(patched(patched(NEO4J, {power}), edit.former ?? {}));
    const latter = manifest(
      patched(patched(patched(NEO4J, {power}), edit.former ?? {}), edit.patch),
    );
    const story = await begin(former);
    const before = configOf(story);

    commit(story, latter);
    const risk = power === 'running' ? edit.running : (edit.stopped ?? 'benign');
    const planned = await open(story);
    expect(worstRisk(planned.map((action) => action.risk))).toBe(risk);
    expect(await settleAll(story)).toEqual(planned.map(() => 'update'));
    expectHolds(story, edit.holds);
    await expectNothingOpen(story);
    expect(guestOf(story).runtime !== undefined).toBe(power === 'running');

    commit(story, former);
    const reverted = await settleAll(story);
    if (edit.revertSays) {
      expect((await openLines(story)).join('\n')).toMatch(edit.revertSays);
      expectHolds(story, edit.reverts ?? edit.holds);
      return;
    }
    expect(reverted).toSatisfy(onlyUpdates);
    await expectNothingOpen(story);
    expect(without(configOf(story), edit.stays)).toEqual(without(before, edit.stays));
  });
});

async function begin(text: string): Promise<Story> {
  const cluster = demoCluster({pools: ['team', 'other']});
  const story = createStory(cluster, {files: {'vm.yaml': text, 'secrets.yaml': SECRET}});
  story.secrets.set('harness.password', 'correct-horse');
  await settleAll(story);
  await expectNothingOpen(story);
  return story;
}

async function expectNothingOpen(story: Story): Promise<void> {
  // The listing lags; a pass ten seconds later sees what is.
  await story.clock.sleep(30_000);
  expect(await openLines(story)).toEqual([]);
  expect(pendingOf(story)).toEqual({});
}

function expectHolds(story: Story, holds: StoryEdit['holds']): void {
  const config = configOf(story);
  for (const [key, wanted] of Object.entries(holds)) {
    if (wanted === null) expect(config).not.toHaveProperty(key);
    else if (typeof wanted === 'string') expect(config[key], key).toBe(wanted);
    else expect(config[key] ?? '', key).toMatch(wanted);
  }
}

function onlyUpdates(outcomes: readonly string[]): boolean {
  return outcomes.length > 0 && outcomes.every((outcome) => outcome === 'update');
}

function without(config: {readonly [key: string]: string}, keys: readonly string[] = []) {
  return Object.fromEntries(Object.entries(config).filter(([key]) => !keys.includes(key)));
}
