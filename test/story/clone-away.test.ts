// Why this exists: a template lies on one node, the guest is wanted on another. Whatever way it
// gets there, it is whole, it is ours from its first moment, and a cut in between is only a pause.
import {describe, expect, it} from 'vitest';
import {type ClusterWish, demoCluster} from '../../src/simulator/build.ts';
import {armTask} from '../../src/simulator/faults.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  guestOf,
  manifest,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
  volumesOf,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const LVM = {type: 'lvmthin', content: ['images', 'rootdir'], totalGiB: 400};
type Storages = NonNullable<ClusterWish['storages']>;

const LOCAL: Storages = {
  local: {content: ['iso', 'snippets', 'import'], options: {path: '/var/lib/vz'}},
  'local-lvm': LVM,
};
const AWAY: Spec = {
  vmid: 150,
  node: 'pve2',
  power: 'running',
  clone: {vmid: 100, full: true},
  cpu: {cores: 3},
  disks: {scsi0: {size: '8GiB', discard: true}},
};

describe('33: a guest whose template is on another node', () => {
  it('is cloned beside it, moved, then made what it is to be and started', async () => {
    const story = begin(AWAY, {storages: LOCAL});
    await settleAll(story);
    expect(whole(story)).toEqual(['create', 'clone', 'migrate', 'start']);
    expect(guestOf(story).node).toBe('pve2');
    expect(configOf(story)).toMatchObject({cores: '3', scsi0: expect.stringContaining('size=8G')});
    expect(volumesOf(story)).toEqual(['local-lvm:vm-150-cloudinit', 'local-lvm:vm-150-disk-0']);
    expect(nodesOfVolumes(story)).toEqual(['pve2', 'pve2']);
    expect(await quiet(story)).toEqual([]);
  });

  it('is cloned across at once where both see its storage', async () => {
    const storages = {...LOCAL, 'local-lvm': {type: 'rbd', content: ['images'], shared: true}};
    const story = begin(AWAY, {storages});
    await settleAll(story);
    expect(whole(story)).toEqual(['create', 'clone', 'start']);
    expect(guestOf(story).node).toBe('pve2');
    expect(await quiet(story)).toEqual([]);
  });

  it('comes to a storage that only its own node has', async () => {
    const storages = {...LOCAL, big: {...LVM, nodes: ['pve2']}};
    const clone = {vmid: 100, full: true, storage: 'big'};
    const disks = {scsi0: {storage: 'big', size: '8GiB'}};
    const story = begin(patched(AWAY, {clone, disks}), {storages});
    await settleAll(story);
    expect(guestOf(story).node).toBe('pve2');
    expect(configOf(story)['scsi0']).toMatch(/^big:vm-150-disk-0,.*size=8G/);
    expect(volumesOf(story).every((volid) => volid.startsWith('big:'))).toBe(true);
    expect(await quiet(story)).toEqual([]);
  });

  it('whose move failed is ours all the same, and the next pass moves it unasked', async () => {
    const storages = {...LOCAL, big: {...LVM, nodes: ['pve2']}};
    const clone = {vmid: 100, full: true, storage: 'big'};
    const disks = {scsi0: {storage: 'big', size: '8GiB'}};
    const story = begin(patched(AWAY, {clone, disks}), {storages});
    armTask(
      story.simulator,
      {type: 'qmigrate'},
      {kind: 'fails', text: 'no route to host', when: 'start'},
    );
    await story.settle();
    expect(story.outcomes.map(({verb, result, risk}) => `${verb} ${result} ${risk}`)).toEqual([
      'create failed benign',
      'update done benign',
    ]);
    expect(whole(story)).toEqual(['create', 'clone', 'migrate', 'start']);
    expect(guestOf(story).node).toBe('pve2');
    expect(configOf(story)['scsi0']).toMatch(/^big:/);
    expect(await quiet(story)).toEqual([]);
  });

  it('that was complete and then moved by hand is left where it is', async () => {
    const story = begin(AWAY, {storages: LOCAL});
    await settleAll(story);
    guestOf(story).node = 'pve1';
    for (const [key, volume] of [...story.simulator.volumes]) {
      if (volume.vmid !== 150) continue;
      story.simulator.volumes.delete(key);
      story.simulator.volumes.set(`pve1/${volume.volid}`, {...volume, node: 'pve1'});
    }
    expect(await quiet(story)).toEqual([]);
  });

  it.for<{title: string; patch: Spec; storages: Storages; says: RegExp}>([
    {
      title: 'as a linked clone',
      patch: {clone: {vmid: 100, full: false}},
      storages: LOCAL,
      says: /waiting: a linked clone stays .* write clone.full: true, or that node/,
    },
    {
      title: 'where its storage is missing',
      patch: {},
      storages: {...LOCAL, 'local-lvm': {...LVM, nodes: ['pve1']}, big: {...LVM, nodes: ['pve2']}},
      says: /in-use: pve2 has no storage local-lvm .*\(it has big\)/,
    },
    {
      title: 'to a storage that takes no such stream',
      patch: {clone: {vmid: 100, full: true, storage: 'tank'}},
      storages: {...LOCAL, tank: {type: 'zfspool', content: ['images'], nodes: ['pve2']}},
      says: /in-use: .*no volume goes from lvmthin/,
    },
    {
      title: 'to a node that is not there',
      patch: {node: 'pve9'},
      storages: LOCAL,
      says: /waiting: there is no node "pve9"/,
    },
  ])('is told why not $title, and nothing is made', async ({patch, storages, says}) => {
    const story = begin(patched(AWAY, patch), {storages});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(says);
    expect(story.simulator.guests.has(150)).toBe(false);
  });
});

it('22: several guests of one template are cloned one after the other by storage', async () => {
  const story = begin(AWAY, {storages: LOCAL});
  for (const vmid of [151, 152, 153]) {
    const spec = {...AWAY, vmid, node: vmid === 152 ? 'pve1' : 'pve2'};
    story.files.set(`${vmid}.yaml`, manifest(spec, {name: `vm-${vmid}`}));
  }
  await settleAll(story);
  const clones = [...story.simulator.tasks.values()].filter(({type}) => type === 'qmclone');
  expect(clones).toHaveLength(4);
  const spans = clones.map((task) => [task.startS, task.endS ?? 0] as const);
  const inOrder = spans.toSorted(([a], [b]) => a - b);
  for (const [index, [start]] of inOrder.entries()) {
    expect(start).toBeGreaterThanOrEqual(inOrder[index - 1]?.[1] ?? 0);
  }
  expect([150, 151, 152, 153].map((vmid) => guestOf(story, vmid).node)).toEqual([
    'pve2',
    'pve2',
    'pve1',
    'pve2',
  ]);
  expect(await quiet(story)).toEqual([]);
});

/** What became of guest 150 as a whole, by the cluster's own log. */
function whole(story: Story): readonly string[] {
  const words = new Set(['create', 'clone', 'migrate', 'start', 'destroy', 'stop']);
  return story.simulator.effects
    .filter(({vmid, what}) => vmid === 150 && words.has(what))
    .map(({what}) => what);
}

function nodesOfVolumes(story: Story): readonly (string | undefined)[] {
  const all = [...story.simulator.volumes.values()];
  return all.filter(({vmid}) => vmid === 150).map(({node}) => node);
}

function begin(spec: Spec, wish: ClusterWish): Story {
  const cluster = demoCluster({nodes: ['pve1', 'pve2'], ...wish});
  const story = createStory(cluster, {files: {'defaults.yaml': DEFAULTS}});
  commit(story, manifest(spec));
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
