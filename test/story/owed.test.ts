// Why this exists: a guest that we shut down to put a change in force was running; if it does not
// come up again at once, that is ours to mend, even where Git says nothing of its power.
import {describe, expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {byHand} from './by-hand.ts';
import {commit, guestOf, manifest, NEO4J, open, patched, reasons, settleAll} from './guest.ts';
import {createStory, type Story} from './world.ts';

const MORE = patched(NEO4J, {memory: '64GiB'});

describe('a guest that was shut down for a change, with no power in Git', () => {
  it('is started again once its start does not fail any more', async () => {
    const story = await begin();
    noMemory(story);
    commit(story, manifest(MORE));
    await settleAll(story);
    expect(guestOf(story).runtime).toBeUndefined();
    expect((await reasons(story)).join()).toMatch(/no memory/);
    story.simulator.faults.tasks.length = 0;
    await story.clock.sleep(3_600_000);
    await story.settle();
    expect(guestOf(story).runtime).toBeDefined();
    expect(await open(story)).toEqual([]);
  });

  it('is started again when the change is taken back', async () => {
    const story = await begin();
    noMemory(story);
    commit(story, manifest(MORE));
    await settleAll(story);
    story.simulator.faults.tasks.length = 0;
    commit(story, manifest(NEO4J));
    await settleAll(story);
    expect(guestOf(story).config.get('memory')).toBe('2048');
    expect(guestOf(story).runtime).toBeDefined();
  });

  it('is started again after the backup that began just then', async () => {
    let story: Story | null = null;
    const wrap = (exchange: Exchange): Exchange => ({
      ...exchange,
      request: async (request) => {
        if (story !== null && request.path.endsWith('/status/start')) {
          guestOf(story).config.set('lock', 'backup');
        }
        return exchange.request(request);
      },
    });
    story = await begin(wrap);
    const told = story;
    commit(told, manifest(patched(NEO4J, {cpu: {cores: 4}})));
    await settleAll(told);
    expect(guestOf(told).runtime).toBeUndefined();
    story = null;
    guestOf(told).config.delete('lock');
    await told.clock.sleep(3_600_000);
    await told.settle();
    expect(guestOf(told).runtime).toBeDefined();
  });

  it('is left alone once somebody has started and stopped it', async () => {
    const story = await begin();
    noMemory(story);
    commit(story, manifest(MORE));
    await settleAll(story);
    story.simulator.faults.tasks.length = 0;
    byHand(story, 'POST', '/nodes/pve1/qemu/150/status/start');
    await story.clock.sleep(60_000);
    await story.settle();
    byHand(story, 'POST', '/nodes/pve1/qemu/150/status/stop');
    await story.clock.sleep(3_600_000);
    await story.settle();
    expect(guestOf(story).runtime).toBeUndefined();
  });
});

function noMemory({simulator}: Story): void {
  const fault = {kind: 'fails', text: 'no memory', when: 'start'} as const;
  armTask(simulator, {type: 'qmstart', times: 99}, fault);
}

/** A guest of ours that somebody has started. */
async function begin(wrap?: (exchange: Exchange) => Exchange): Promise<Story> {
  const files = {'vm.yaml': manifest(NEO4J)};
  const story = createStory(demoCluster(), {files, ...(wrap === undefined ? {} : {wrap})});
  await settleAll(story);
  byHand(story, 'POST', '/nodes/pve1/qemu/150/status/start');
  await story.clock.sleep(60_000);
  expect(await open(story)).toEqual([]);
  expect(guestOf(story).runtime).toBeDefined();
  return story;
}
