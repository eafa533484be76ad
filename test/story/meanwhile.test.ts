// Why this exists: an action may end while a pass reads; the plan of that pass rests on a record
// from before, and must not write back what the action has just remembered.
import {expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {commit, DEFAULTS, manifest, NEO4J, open, patched, settleAll, volumesOf} from './guest.ts';
import {createStory, type Story} from './world.ts';

const DATA = {disks: {scsi1: {storage: 'local-lvm', size: '4GiB'}}};
const WITH = patched(NEO4J, {power: 'stopped', ...DATA});
const WITHOUT = patched(NEO4J, {power: 'stopped'});

it('what was remembered while a pass read is not written over by it', async () => {
  let story: Story | null = null;
  let held = false;
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      if (story !== null && held && request.path.endsWith('/cluster/status')) {
        held = false;
        const before = story.outcomes.length;
        while (story.outcomes.length === before) await story.clock.sleep(500);
      }
      return exchange.request(request);
    },
  });
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(WITH)};
  story = createStory(demoCluster(), {files, wrap});
  await settleAll(story);
  expect(await open(story)).toEqual([]);
  const before = volumesOf(story);
  commit(story, manifest(WITHOUT));
  await story.pass();
  held = true;
  await story.pass();
  expect(story.outcomes.at(-1)).toMatchObject({verb: 'update', result: 'done'});
  expect(story.journal.records('harness')[0]?.detached?.['disks.scsi1']).toMatch(/:vm-150-disk-\d/);
  commit(story, manifest(WITH));
  await settleAll(story);
  expect(volumesOf(story)).toEqual(before);
});
