// Why this exists: `pvegit/mode: create-only` leaves a guest alone once it is complete, and not
// before: what a clone cannot bring about at once belongs to its creation.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {configure} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  guestOf,
  manifest,
  NEO4J,
  openLines,
  patched,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const CREATE_ONLY = {annotations: {'pvegit/mode': 'create-only'}};
const WANTED = patched(NEO4J, {
  power: 'running',
  disks: {scsi0: {ssd: true}},
});

describe('a guest that is only created', () => {
  it('is completed and started, although that takes more than one pass', async () => {
    const story = await begin(WANTED);
    expect(configOf(story)['scsi0']).toMatch(/ssd=1/);
    expect(guestOf(story).runtime).toBeDefined();
  });

  it('is left alone from then on, whatever Git or somebody else writes', async () => {
    const story = await begin(WANTED);
    commit(story, manifest(patched(WANTED, {cpu: {cores: 8}, tags: ['new']}), CREATE_ONLY));
    configure(story, {memory: 1024});
    const before = configOf(story);
    expect(await settleAll(story)).toEqual([]);
    expect(configOf(story)).toEqual(before);
    expect(await openLines(story)).toEqual([]);
  });

  it('is not corrected by its completion where somebody else was first', async () => {
    const story = tell(WANTED);
    armTask(
      story.simulator,
      {type: 'qmstart', times: 99},
      {kind: 'fails', text: 'no', when: 'start'},
    );
    await story.settle();
    expect(guestOf(story).runtime).toBeUndefined();
    story.simulator.faults.tasks.length = 0;
    configure(story, {cores: 8});
    await story.clock.sleep(10 * 60_000);
    await settleAll(story);
    expect(guestOf(story).runtime).toBeDefined();
    expect(configOf(story)['cores']).toBe('8');
    commit(story, manifest(patched(WANTED, {tags: ['new']}), CREATE_ONLY));
    expect(await settleAll(story)).toEqual([]);
  });

  it('is replaced when that is asked for, and completed again', async () => {
    const story = await begin(WANTED);
    const annotations = {...CREATE_ONLY.annotations, 'pvegit/replace': 'once'};
    const uuid = configOf(story)['smbios1'];
    commit(story, manifest(WANTED, {annotations}));
    await settleAll(story);
    await settleAll(story);
    expect(configOf(story)['smbios1']).not.toBe(uuid);
    expect(configOf(story)['scsi0']).toMatch(/ssd=1/);
    expect(guestOf(story).runtime).toBeDefined();
  });
});

describe('in whatever mode', () => {
  it.each(['enforce', 'create-only'])(
    'a guest that was made half is completed by the passes after it',
    async (mode) => {
      const story = tell(WANTED, mode);
      const config = {method: 'PUT', path: /qemu\/150\/config/, times: 2};
      armRequest(story.simulator, config, {kind: 'answer', status: 500, reason: 'storage is gone'});
      await story.settle();
      expect(guestOf(story).runtime).toBeUndefined();
      expect(configOf(story)['description']).toMatch(/vmid=150 -->$/);
      await story.clock.sleep(60 * 60_000);
      await settleAll(story);
      await story.clock.sleep(60 * 60_000);
      await settleAll(story);
      expect(configOf(story)).toMatchObject({cores: '2', scsi0: expect.stringMatching(/ssd=1/)});
      expect(guestOf(story).runtime).toBeDefined();
      expect(story.outcomes.filter(({verb}) => verb === 'create')).toHaveLength(1);
      expect(await openLines(story)).toEqual([]);
    },
  );
});

function tell(spec: Spec, mode = 'create-only'): Story {
  const text = manifest(spec, {annotations: {'pvegit/mode': mode}});
  return createStory(demoCluster(), {files: {'house.yaml': DEFAULTS, 'vm.yaml': text}});
}

async function begin(spec: Spec): Promise<Story> {
  const story = tell(spec);
  await settleAll(story);
  expect(await openLines(story)).toEqual([]);
  return story;
}
