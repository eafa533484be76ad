// Why this exists: a guest moves to another node when Git asks for it, online where it runs, and
// what forbids the move is said beforehand instead of found out by a failing task.
import {describe, expect, it} from 'vitest';
import {addGuest, type ClusterWish, demoCluster} from '../../src/simulator/build.ts';
import {takeNodeOffline} from '../../src/simulator/trouble.ts';
import {byHand} from './by-hand.ts';
import {
  commit,
  configOf,
  guestOf,
  manifest,
  NEO4J,
  open,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const LVM = {type: 'lvmthin', content: ['images', 'rootdir'], totalGiB: 400};
const LOCAL: ClusterWish['storages'] = {
  local: {content: ['iso', 'snippets', 'import'], options: {path: '/var/lib/vz'}},
  'local-lvm': LVM,
};
const SHARED: ClusterWish['storages'] = {
  ...LOCAL,
  'local-lvm': {type: 'rbd', content: ['images'], shared: true, totalGiB: 400},
};

describe('a move that Git asks for', () => {
  it.for([
    ['stopped', 'local disks', LOCAL, 'disruptive'],
    ['stopped', 'shared disks', SHARED, 'disruptive'],
    ['running', 'local disks', LOCAL, 'benign'],
    ['running', 'shared disks', SHARED, 'benign'],
  ] as const)('of a %s guest with %s', async ([power, , storages, risk]) => {
    const story = await begin({power}, {storages});
    const before = configOf(story);
    const started = guestOf(story).runtime?.startedAtMs;
    commit(story, manifest(patched(NEO4J, {power, node: 'pve2'})));
    const planned = await open(story);
    expect(planned.map((action) => action.risk)).toEqual([risk]);
    expect(await settleAll(story)).toEqual(['update']);
    expect(guestOf(story).node).toBe('pve2');
    expect(configOf(story)).toEqual(before);
    expect(guestOf(story).runtime?.startedAtMs).toBe(started);
    expect(await quiet(story)).toEqual([]);
    commit(story, manifest(patched(NEO4J, {power})));
    await settleAll(story);
    expect(guestOf(story).node).toBe('pve1');
    expect(await quiet(story)).toEqual([]);
  });

  it('takes an EFI disk along that alone is local', async () => {
    const storages = {...SHARED, fast: LVM};
    const changes = {power: 'running', efi: {storage: 'fast', efitype: '4m'}};
    const story = await begin(changes, {storages});
    commit(story, manifest(patched(NEO4J, {...changes, node: 'pve2'})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(guestOf(story).node).toBe('pve2');
    expect(await quiet(story)).toEqual([]);
  });

  it('together with an edit is carried out whole', async () => {
    const story = await begin({power: 'stopped'}, {storages: LOCAL});
    commit(story, manifest(patched(NEO4J, {power: 'stopped', node: 'pve2', cpu: {cores: 4}})));
    await settleAll(story);
    expect(guestOf(story).node).toBe('pve2');
    expect(configOf(story)['cores']).toBe('4');
    expect(await quiet(story)).toEqual([]);
  });
});

describe('a move is told why not', () => {
  it('to a node that is not there', async () => {
    const story = await begin({power: 'stopped'}, {storages: LOCAL});
    expect(await whyNot(story, 'stopped', 'pve9')).toMatch(/in-use: there is no node pve9/);
  });

  it('to a node that is offline', async () => {
    const story = await begin({power: 'stopped'}, {storages: LOCAL});
    takeNodeOffline(story.simulator, 'pve2');
    await story.clock.sleep(60_000);
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(/waiting: node pve2 is offline/);
  });

  it('where the storage of a disk is missing there', async () => {
    const storages = {...LOCAL, 'local-lvm': {...LVM, nodes: ['pve1']}};
    const story = await begin({power: 'stopped'}, {storages});
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(/pve2 has no storage local-lvm/);
  });

  it('where a CD of the node is in a drive', async () => {
    const story = await begin({power: 'running'}, {storages: LOCAL});
    guestOf(story).config.set('ide0', 'local:iso/tiny.iso,media=cdrom,size=1M');
    expect(await whyNot(story, 'running', 'pve2')).toMatch(/ide0 holds a CD that only pve1 has/);
  });

  it.for(['running', 'stopped'])('where a device of the node is used, %s', async (power) => {
    const story = await begin({power}, {storages: SHARED});
    guestOf(story).config.set('hostpci0', '0000:01:00.0');
    expect(await whyNot(story, power, 'pve2')).toMatch(/hostpci0 is a device of pve1/);
  });

  it('where snapshots lie on local disks of a running guest', async () => {
    const story = await begin({power: 'running'}, {storages: LOCAL});
    byHand(story, 'POST', '/nodes/pve1/qemu/150/snapshot', {snapname: 'before'});
    await story.clock.sleep(60_000);
    expect(await whyNot(story, 'running', 'pve2')).toMatch(/in-use: .*snapshot/);
  });

  it('where snapshots lie on local disks of a stopped guest that are not sent along', async () => {
    const story = await begin({power: 'stopped'}, {storages: LOCAL});
    byHand(story, 'POST', '/nodes/pve1/qemu/150/snapshot', {snapname: 'before'});
    await story.clock.sleep(60_000);
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(/in-use: .*does not send .*before/);
  });

  it('where an unused volume lies on a storage that is missing there', async () => {
    const storages = {...LOCAL, fast: {...LVM, nodes: ['pve1']}};
    const story = await begin({power: 'stopped'}, {storages});
    guestOf(story).config.set('unused0', 'fast:vm-150-disk-7');
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(/no storage fast, where unused0 is/);
  });

  it('where it runs and its replica is on another node', async () => {
    const story = await begin({power: 'running'}, {storages: LOCAL});
    const job = new Map([['target', 'pve3']]);
    story.simulator.sections.set('replication', new Map([['150-0', job]]));
    expect(await whyNot(story, 'running', 'pve2')).toMatch(
      /in-use: it runs and is replicated to pve3, not to pve2; stop it/,
    );
  });

  it('where linked clones stand on its local disks', async () => {
    const story = await begin({power: 'stopped'}, {storages: LOCAL});
    addGuest(story.simulator, 151, {
      config: {scsi0: 'local-lvm:base-150-disk-0/vm-151-disk-0,size=1G', memory: '512'},
    });
    story.files.set('other.yaml', manifest({vmid: 151, node: 'pve1'}, {name: 'other'}));
    await story.clock.sleep(60_000);
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(/guest 151 stands on its local disks/);
  });

  it('where its storage is local and of a sort that is not copied', async () => {
    const storages = {...LOCAL, san: {type: 'iscsidirect', content: ['images']}};
    const story = await begin({power: 'stopped'}, {storages});
    guestOf(story).config.set('scsi3', 'san:vm-150-disk-9,size=1G');
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(
      /scsi3 cannot be copied to pve2: volumes of a storage of type iscsidirect/,
    );
  });

  it('where it is a linked clone on a local storage', async () => {
    const spec = {power: 'running', clone: {vmid: 100, full: false}, disks: '(gone)'};
    const story = await begin(spec, {storages: LOCAL});
    guestOf(story).config.set('scsi0', 'local-lvm:base-100-disk-0/vm-150-disk-0,size=3584M');
    commit(story, manifest(patched(NEO4J, {...spec, node: 'pve2'})));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/linked clone of guest 100/);
    expect(guestOf(story).node).toBe('pve1');
  });

  it('where Proxmox holds a lock, or HA the guest', async () => {
    const story = await begin({power: 'stopped'}, {storages: SHARED});
    guestOf(story).config.set('lock', 'backup');
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(/locked: /);
    guestOf(story).config.delete('lock');
    byHand(story, 'POST', '/cluster/ha/resources', {sid: 'vm:150', state: 'stopped'});
    await story.clock.sleep(60_000);
    expect(await whyNot(story, 'stopped', 'pve2')).toMatch(/ha-managed: /);
  });
});

async function whyNot(story: Story, power: string, node: string): Promise<string> {
  commit(story, manifest(patched(NEO4J, {power, node})));
  await settleAll(story);
  expect(guestOf(story).node).toBe('pve1');
  const tasks = [...story.simulator.tasks.values()].filter(({type}) => /migrate/.test(type));
  expect(tasks).toEqual([]);
  return (await reasons(story)).join();
}

async function begin(changes: Spec, wish: ClusterWish): Promise<Story> {
  const text = manifest(patched(NEO4J, changes));
  const cluster = demoCluster({nodes: ['pve1', 'pve2'], ...wish});
  const story = createStory(cluster, {files: {'vm.yaml': text}});
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
