// Why this exists: a task is dated by the clock of its own node, which may be another one than the
// node that was asked, and another than ours; and ours may be set while an answer is waited for.
import {expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {skewClock} from '../../src/simulator/trouble.ts';
import {commit, DEFAULTS, guestOf, manifest, patched, type Spec, settleAll} from './guest.ts';
import {createStory} from './world.ts';

const ON_PVE2: Spec = {
  vmid: 150,
  node: 'pve2',
  power: 'running',
  empty: {},
  memory: '1GiB',
  disks: {scsi0: {storage: 'local-lvm', size: '8GiB'}},
  networks: {net0: {model: 'virtio', bridge: 'vmbr0'}},
};

it.each([-600_000, 600_000])(
  'a shutdown whose answer was lost on a node whose clock is %i ms off is found',
  async (offMs) => {
    const story = createStory(demoCluster({nodes: ['pve1', 'pve2']}), {
      files: {'house.yaml': DEFAULTS, 'vm.yaml': manifest(ON_PVE2)},
    });
    await settleAll(story);
    expect(guestOf(story).runtime).toBeDefined();
    skewClock(story.simulator, 'pve2', offMs);
    const path = /status\/shutdown/;
    armTask(story.simulator, {type: 'qmshutdown'}, {kind: 'late', delayMs: 120_000});
    armRequest(story.simulator, {method: 'POST', path}, {kind: 'answer-lost'});
    commit(story, manifest(patched(ON_PVE2, {power: 'stopped'})));
    await settleAll(story);
    expect(story.requests.filter((line) => path.test(line))).toHaveLength(1);
    expect(story.outcomes.at(-1)).toMatchObject({verb: 'update', result: 'done'});
    expect(guestOf(story).runtime).toBeUndefined();
  },
);
