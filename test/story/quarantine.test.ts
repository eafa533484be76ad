// Why this exists: what leaves a guest is kept for a while and then proposed for removal, never
// removed by itself; and only what pvegit itself set aside. Judged from the cluster's volumes.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {byHand, configure} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  manifest,
  openLines,
  patched,
  type Spec,
  settleAll,
  volumesOf,
} from './guest.ts';
import {failing, halfWay} from './half-way.ts';
import {createStory, EAGER, type Story, type StoryOptions} from './world.ts';

const DAY = 86_400_000;
const PLAIN: Spec = {
  vmid: 150,
  node: 'pve1',
  power: 'stopped',
  empty: {},
  memory: '1GiB',
  disks: {scsi0: {storage: 'local-lvm', size: '2GiB'}},
};
const MORE = patched(PLAIN, {disks: {scsi1: {storage: 'local-lvm', size: '3GiB'}}});
const PROPOSED = 'update destructive: unused.unused0';

describe('18: a disk that left its guest', () => {
  it('is kept for two weeks, then its removal is proposed, and waits for a yes', async () => {
    const story = await detached();
    await later(story, 13 * DAY);
    expect(await openLines(story)).toEqual([]);
    await later(story, 2 * DAY);
    expect(await openLines(story)).toEqual([PROPOSED]);
    const {report} = await story.plan();
    const action = report.plan?.actions.find(({risk}) => risk === 'destructive');
    expect(action?.facts['volumes']).toEqual(['local-lvm:vm-150-disk-1']);
    expect(action?.changes[0]?.because).toMatch(/vm-150-disk-1 was set aside 15 days ago; the vol/);
    await story.settle();
    expect(freed(story)).toEqual([]);
    await settleAll(story);
    expect(freed(story)).toEqual(['local-lvm:vm-150-disk-1']);
    expect(await openLines(story)).toEqual([]);
    expect(records(story)).toEqual([undefined]);
  });

  it('is kept for as long as the policy says', async () => {
    const story = await detached();
    const files = {'vm.yaml': manifest(PLAIN), 'defaults.yaml': DEFAULTS};
    const policy = {...EAGER, quarantineMs: 30 * DAY};
    const patient = createStory(story.simulator, {files, journal: story.journal, policy});
    await later(patient, 29 * DAY);
    expect(await openLines(patient)).toEqual([]);
    await later(patient, 2 * DAY);
    expect(await openLines(patient)).toEqual([PROPOSED]);
  });

  it('is proposed by a controller that started long after', async () => {
    const story = await detached();
    await later(story, 20 * DAY);
    const files = {'vm.yaml': manifest(PLAIN), 'defaults.yaml': DEFAULTS};
    const next = createStory(story.simulator, {files, journal: story.journal});
    expect(await openLines(next)).toEqual([PROPOSED]);
  });

  it('that comes back in time, or when it was proposed already, is not removed', async () => {
    for (const days of [3, 20]) {
      const story = await detached();
      await later(story, days * DAY);
      commit(story, manifest(MORE));
      expect((await openLines(story)).join()).not.toContain('unused');
      await settleAll(story);
      expect(configOf(story)['scsi1']).toMatch(/^local-lvm:vm-150-disk-1,/);
      await later(story, 30 * DAY);
      expect(await openLines(story)).toEqual([]);
      expect(freed(story)).toEqual([]);
    }
  });

  it('that a person attached again and set aside herself is hers', async () => {
    const story = await detached();
    configure(story, {scsi5: 'local-lvm:vm-150-disk-1'});
    await story.plan();
    await settleAll(story);
    configure(story, {delete: 'scsi5'});
    await later(story, 30 * DAY);
    expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
    expect(await openLines(story)).toEqual([]);
  });

  it('is not proposed from a protected guest, but the plan says why not', async () => {
    const story = await detached();
    commit(story, manifest({...PLAIN, protection: true}));
    await settleAll(story);
    await later(story, 20 * DAY);
    expect((await openLines(story)).join()).toMatch(/unused\.unused0 \[protected: /);
    await settleAll(story);
    expect(freed(story)).toEqual([]);
  });

  it('of a guest that is only created is left alone', async () => {
    const story = await detached();
    commit(story, manifest(PLAIN, {annotations: {'pvegit/mode': 'create-only'}}));
    await later(story, 20 * DAY);
    expect(await openLines(story)).toEqual([]);
  });
});

it('the old volume of a disk that moved is kept and proposed in the same way', async () => {
  const story = await begin(MORE);
  commit(story, manifest(patched(MORE, {disks: {scsi1: {storage: 'fast'}}})));
  await settleAll(story);
  expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
  await later(story, 15 * DAY);
  expect(await openLines(story)).toEqual([PROPOSED]);
  await settleAll(story);
  expect(freed(story)).toEqual(['local-lvm:vm-150-disk-1']);
  expect(volumesOf(story)).toEqual(['fast:vm-150-disk-0', 'local-lvm:vm-150-disk-0']);
});

it('an unused volume that pvegit did not set aside is never proposed', async () => {
  const story = await begin(MORE);
  commit(story, manifest(PLAIN, {annotations: {'pvegit/mode': 'observe'}}));
  await settleAll(story);
  byHand(story, 'PUT', '/nodes/pve1/qemu/150/config', {delete: 'scsi1'});
  await story.clock.sleep(60_000);
  commit(story, manifest(PLAIN));
  await settleAll(story);
  await later(story, 60 * DAY);
  expect(await openLines(story)).toEqual([]);
  expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
});

it('a volume that an interrupted action set aside is remembered', async () => {
  const story = await begin(MORE, {wrap: halfWay});
  commit(story, manifest(failing(PLAIN)));
  await settleAll(story);
  expect(story.outcomes.some(({result}) => result !== 'done')).toBe(true);
  expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
  commit(story, manifest(PLAIN));
  await settleAll(story);
  await later(story, 15 * DAY);
  expect(await openLines(story)).toEqual([PROPOSED]);
});

async function detached(): Promise<Story> {
  const story = await begin(MORE);
  commit(story, manifest(PLAIN));
  await settleAll(story);
  expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
  expect(await openLines(story)).toEqual([]);
  return story;
}

async function begin(spec: Spec, options: Partial<StoryOptions> = {}): Promise<Story> {
  const cluster = demoCluster({
    storages: {
      local: {content: ['iso', 'import'], options: {path: '/var/lib/vz'}},
      'local-lvm': {type: 'lvmthin', content: ['images'], totalGiB: 400},
      fast: {type: 'lvmthin', content: ['images'], totalGiB: 400},
    },
  });
  const files = {'vm.yaml': manifest(spec), 'defaults.yaml': DEFAULTS};
  const story = createStory(cluster, {files, ...options});
  await settleAll(story);
  await story.clock.sleep(30_000);
  expect(await openLines(story)).toEqual([]);
  return story;
}

/** Days pass in which nothing happens, so that the simulator need not play them. */
async function later(story: Story, ms: number): Promise<void> {
  story.simulator.nowMs += ms;
  await story.clock.sleep(30_000);
}

function freed({simulator}: Story): readonly string[] {
  return simulator.effects.filter(({what}) => what === 'free').map(({detail}) => detail);
}

function records({journal}: Story): readonly unknown[] {
  return journal.records('harness').map(({quarantined}) => quarantined);
}
