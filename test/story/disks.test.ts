// Why this exists: disks and images through the whole engine: what is imported, attached, moved and
// taken out is the volume that was meant, and nobody else's.
import {describe, expect, it} from 'vitest';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {put} from '../../src/simulator/volume.ts';
import {byHand} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  manifest,
  NEO4J,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
  volumesOf,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const GIB = 1024 ** 3;
const STOPPED = patched(NEO4J, {power: 'stopped'});
const RUNNING = patched(NEO4J, {power: 'running'});
const DATA: Spec = {disks: {scsi1: {storage: 'local-lvm', size: '4GiB'}}};

describe('an image', () => {
  const spec: Spec = {
    vmid: 150,
    node: 'pve1',
    power: 'running',
    image: {file: 'local:import/noble.qcow2', disk: 'scsi0'},
    memory: '2GiB',
    cpu: {cores: 2},
    disks: {scsi0: {storage: 'local-lvm', size: '16GiB', discard: true}},
    networks: {net0: {model: 'virtio', bridge: 'vmbr0'}},
    cloudInit: {user: 'dmg', drive: {slot: 'ide2', storage: 'local-lvm'}},
    efi: {storage: 'local-lvm', efitype: '4m'},
    tpm: {storage: 'local-lvm', version: 'v2.0'},
    config: {bios: 'ovmf', machine: 'q35', scsihw: 'virtio-scsi-single'},
  };

  it('becomes a guest with EFI, TPM and cloud-init in one go, grown to its size', async () => {
    const story = await begin(spec);
    expect(configOf(story)).toMatchObject({
      scsi0: expect.stringMatching(/^local-lvm:vm-150-disk-\d,discard=on,size=16G$/),
      efidisk0: expect.stringMatching(/^local-lvm:vm-150-disk-\d,efitype=4m,size=/),
      tpmstate0: expect.stringMatching(/^local-lvm:vm-150-disk-\d,size=4M,version=v2\.0$/),
      ide2: expect.stringMatching(/^local-lvm:vm-150-cloudinit,media=cdrom/),
    });
    expect(story.outcomes.map(({verb, result}) => `${verb} ${result}`)).toEqual(['create done']);
  });

  it('is imported into a guest that is there', async () => {
    const story = await begin(STOPPED);
    const disk = {storage: 'local-lvm', size: '5GiB', 'import-from': 'local:import/noble.qcow2'};
    commit(story, manifest(patched(STOPPED, {disks: {scsi2: disk}})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)['scsi2']).toBe('local-lvm:vm-150-disk-1,size=5G');
    expect(await quiet(story)).toEqual([]);
  });

  it('that is another guest’s disk is refused', async () => {
    const story = await begin(STOPPED);
    const disk = {storage: 'local-lvm', size: '5GiB', 'import-from': 'local-lvm:vm-160-disk-0'};
    commit(story, manifest(patched(STOPPED, {disks: {scsi2: disk}})));
    const {report} = await story.plan();
    const text = JSON.stringify([report.sources, await reasons(story), report.plan?.diagnostics]);
    await settleAll(story);
    expect(text).toMatch(/160/);
    expect(configOf(story)['scsi2']).toBeUndefined();
  });
});

describe('a disk', () => {
  it('is detached, and attached again in another slot with its data', async () => {
    const story = await begin(patched(STOPPED, DATA));
    commit(story, manifest(STOPPED));
    await settleAll(story);
    const file = configOf(story)['unused0'];
    commit(story, manifest(patched(STOPPED, {disks: {virtio3: {file: `${file}`}}})));
    await settleAll(story);
    expect(configOf(story)).toMatchObject({virtio3: `${file},size=4G`});
    expect(configOf(story)['unused0']).toBeUndefined();
    expect(await quiet(story)).toEqual([]);
  });

  it('that comes back larger is its own volume, grown', async () => {
    const story = await begin(patched(STOPPED, DATA));
    commit(story, manifest(STOPPED));
    await settleAll(story);
    const more = {disks: {scsi1: {storage: 'local-lvm', size: '6GiB'}}};
    commit(story, manifest(patched(STOPPED, more)));
    await settleAll(story);
    expect(configOf(story)['scsi1']).toBe('local-lvm:vm-150-disk-1,size=6G');
    expect(await quiet(story)).toEqual([]);
  });

  it('that comes back smaller or elsewhere is a new one beside the old', async () => {
    for (const disk of [
      {storage: 'local-lvm', size: '2GiB'},
      {storage: 'fast', size: '4GiB'},
    ]) {
      const story = await begin(patched(STOPPED, DATA));
      commit(story, manifest(STOPPED));
      await settleAll(story);
      commit(story, manifest(patched(STOPPED, {disks: {scsi1: disk}})));
      await settleAll(story);
      expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
      expect(configOf(story)['scsi1']).not.toContain('local-lvm:vm-150-disk-1,');
      expect(await quiet(story)).toEqual([]);
    }
  });

  it('moves to another storage while the guest runs, and back', async () => {
    const story = await begin(patched(RUNNING, DATA));
    commit(story, manifest(patched(RUNNING, {disks: {scsi1: {storage: 'fast', size: '4GiB'}}})));
    expect(await openLines(story)).toEqual(['update benign: disks.scsi1.storage']);
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)['scsi1']).toMatch(/^fast:vm-150-disk-0,size=4G$/);
    expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
    expect(await quiet(story)).toEqual([]);
    commit(story, manifest(patched(RUNNING, DATA)));
    await settleAll(story);
    expect(configOf(story)['scsi1']).toMatch(/^local-lvm:/);
    expect(await quiet(story)).toEqual([]);
  });

  it('is not moved to a storage that its node does not have', async () => {
    const story = await begin(patched(STOPPED, DATA));
    commit(story, manifest(patched(STOPPED, {disks: {scsi1: {storage: 'big', size: '4GiB'}}})));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/in-use: pve1 has no storage big/);
    expect(configOf(story)['scsi1']).toMatch(/^local-lvm:/);
  });

  it('joins the boot order in the commit that adds it', async () => {
    const story = await begin(STOPPED);
    commit(story, manifest(patched(patched(STOPPED, DATA), {boot: {order: ['scsi1', 'scsi0']}})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)['boot']).toBe('order=scsi1;scsi0');
    expect(await quiet(story)).toEqual([]);
  });

  it('of another guest is refused wherever it appears', async () => {
    const story = await begin(STOPPED);
    addGuest(story.simulator, 160, {
      config: {scsi0: 'local-lvm:vm-160-disk-0,size=1G'},
      volumes: {'local-lvm:vm-160-disk-0': GIB},
    });
    commit(story, manifest(patched(STOPPED, {disks: {scsi1: {file: 'local-lvm:vm-160-disk-0'}}})));
    await settleAll(story);
    expect(configOf(story)['scsi1']).toBeUndefined();
    expect((await reasons(story)).join()).toMatch(/incomplete|not-ours/);
  });

  it('that a snapshot still needs is not deleted, and nothing is left pending', async () => {
    const story = await begin(patched(STOPPED, DATA));
    byHand(story, 'POST', '/nodes/pve1/qemu/150/snapshot', {snapname: 'before'});
    await story.clock.sleep(60_000);
    commit(story, manifest(STOPPED));
    await settleAll(story);
    commit(story, manifest(patched(STOPPED, {unused: {unused0: null}})));
    const outcomes = await settleAll(story);
    expect(outcomes.join()).toMatch(/^update (failed|interrupted): .*(snapshot|in use)/);
    expect(volumesOf(story)).toContain('local-lvm:vm-150-disk-1');
    expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
  });
});

it('new disks get the same volumes, in whatever order the document names them', async () => {
  const disks = {
    scsi1: {storage: 'local-lvm', size: '4GiB'},
    sata1: {storage: 'local-lvm', size: '4GiB'},
  };
  const turned = {sata1: disks.sata1, scsi1: disks.scsi1};
  const [one, two] = [await begin(STOPPED), await begin(STOPPED)];
  commit(one, manifest({...STOPPED, disks: {...Object(STOPPED['disks']), ...disks}}));
  commit(two, manifest({...STOPPED, disks: {...turned, ...Object(STOPPED['disks'])}}));
  await settleAll(one);
  await settleAll(two);
  const {sata1, scsi1} = configOf(one);
  expect(sata1).toBeDefined();
  expect(configOf(two)).toMatchObject({sata1, scsi1});
});

it('a guest is made with the same volumes, in whatever order its document names them', async () => {
  const scsi1 = {scsi1: {storage: 'local-lvm', size: '4GiB'}};
  const sata1 = {sata1: {storage: 'local-lvm', size: '4GiB'}};
  const one = await begin(patched(patched(STOPPED, {disks: scsi1}), {disks: sata1}));
  const two = await begin(patched(patched(STOPPED, {disks: sata1}), {disks: scsi1}));
  expect(configOf(one)['sata1']).toBe(configOf(two)['sata1']);
});

describe('a linked clone', () => {
  // A thin pool lets the template go (PVE/Storage/LvmThinPlugin.pm); ZFS does not.
  it('stands on its template, which is refused to be deleted meanwhile', async () => {
    const story = await begin(patched(STOPPED, {disks: {scsi0: {storage: 'tank'}}}));
    byHand(story, 'POST', '/nodes/pve1/qemu/150/template');
    await story.clock.sleep(60_000);
    expect(await quiet(story)).toEqual([]);
    const linked = {vmid: 151, node: 'pve1', power: 'stopped', clone: {vmid: 150, full: false}};
    story.files.set('linked.yaml', manifest(linked, {name: 'linked'}));
    await settleAll(story);
    expect(configOf(story, 151)['scsi0']).toMatch(/^tank:base-150-disk-0\/vm-151-disk-0,/);
    expect(await quiet(story)).toEqual([]);
    story.files.delete('vm.yaml');
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/in-use: guest 151 stands on its disks/);
    expect(story.simulator.guests.has(150)).toBe(true);
    story.files.delete('linked.yaml');
    await settleAll(story);
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect([...story.simulator.guests.keys()]).toEqual([100]);
  });
});

async function begin(spec: Spec): Promise<Story> {
  const cluster = demoCluster({
    storages: {
      local: {content: ['iso', 'snippets', 'import', 'backup'], options: {path: '/var/lib/vz'}},
      'local-lvm': {type: 'lvmthin', content: ['images', 'rootdir'], totalGiB: 400},
      fast: {type: 'lvmthin', content: ['images'], totalGiB: 400},
      tank: {type: 'zfspool', content: ['images'], totalGiB: 400},
      big: {type: 'lvmthin', content: ['images'], nodes: ['pve2']},
    },
    nodes: ['pve1', 'pve2'],
  });
  addImage(cluster);
  const files = {'vm.yaml': manifest(spec), 'defaults.yaml': DEFAULTS};
  const story = createStory(cluster, {files});
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

function addImage(cluster: Cluster): void {
  put(cluster, {
    volid: 'local:import/noble.qcow2',
    storage: 'local',
    node: 'pve1',
    format: 'qcow2',
    sizeBytes: GIB / 2,
    usedBytes: GIB / 2,
    vmid: undefined,
    parent: undefined,
    content: 'import',
    ctimeS: 0,
    snapshots: new Set(),
    data: {virtualBytes: 3.5 * GIB},
  });
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
