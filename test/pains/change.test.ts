// Why this exists: pains that come from changing guests: hidden reboots, guests that are replaced,
// disks that are lost, sizes that come back.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {byHand, configure} from '../story/by-hand.ts';
import {STORY_EDITS} from '../story/edit-table.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  guestOf,
  lineOf,
  manifest,
  NEO4J,
  open,
  openLines,
  patched,
  pendingOf,
  reasons,
  SECRET,
  type Spec,
  settleAll,
  volumesOf,
} from '../story/guest.ts';
import {createStory, EAGER, type Story} from '../story/world.ts';
import {overhear, type Sent, writes} from './traffic.ts';

const RUNNING = patched(NEO4J, {power: 'running'});
const STOPPED = patched(NEO4J, {power: 'stopped'});

describe('changing', () => {
  it('3 an update hides a reboot: it is called disruptive, says why, and waits', async () => {
    const policy = {...EAGER, disruptive: 'approval'} as const;
    const sent: Sent[] = [];
    const story = await begin(RUNNING, {policy, sent});
    const before = writes(sent).length;
    const {startedAtMs} = guestOf(story).runtime ?? {};
    commit(story, manifest(patched(RUNNING, {cpu: {cores: 4}})));
    const [action] = await open(story);
    expect(action?.risk).toBe('disruptive');
    expect(action?.changes[0]?.because).toMatch(/stop and start/);
    await story.settle();
    expect(guestOf(story).runtime?.startedAtMs).toBe(startedAtMs);
    expect(pendingOf(story)).toEqual({});
    expect(writes(sent)).toHaveLength(before);
    await story.approveAll();
    expect(writes(sent).slice(before)).toEqual([
      'PUT /nodes/pve1/qemu/150/config',
      'POST /nodes/pve1/qemu/150/status/shutdown',
      'POST /nodes/pve1/qemu/150/status/start',
    ]);
    expect(guestOf(story).runtime?.startedAtMs).not.toBe(startedAtMs);
    expect(pendingOf(story)).toEqual({});
    expect(await quiet(story)).toEqual([]);
  });

  it('13 another node replaces the guest: where it lives is no difference', async () => {
    const story = await begin(STOPPED, {nodes: ['pve1', 'pve2']});
    const witness = configOf(story)['smbios1'];
    byHand(story, 'POST', '/nodes/pve1/qemu/150/migrate', {target: 'pve2'});
    await story.clock.sleep(120_000);
    expect(guestOf(story).node).toBe('pve2');
    expect(await quiet(story)).toEqual([]);
    commit(story, manifest(patched(STOPPED, {cpu: {cores: 4}})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)).toMatchObject({cores: '4', smbios1: witness});
    expect(guestOf(story).node).toBe('pve2');
  });

  it('14 a cloud-init edit replaces the guest: its drive is written again in place', async () => {
    const sent: Sent[] = [];
    const story = await begin(RUNNING, {sent});
    const {startedAtMs} = guestOf(story).runtime ?? {};
    const before = writes(sent).length;
    commit(story, manifest(patched(RUNNING, {cloudInit: {user: 'dmg'}})));
    const [action] = await open(story);
    expect(action?.verb).toBe('update');
    expect(action?.changes[0]?.because).toMatch(/cloud-init runs again at the next boot/);
    await settleAll(story);
    expect(writes(sent).slice(before)).toEqual([
      'PUT /nodes/pve1/qemu/150/config',
      'PUT /nodes/pve1/qemu/150/cloudinit',
    ]);
    expect(guestOf(story).cloudInit?.get('ciuser')).toBe('dmg');
    expect(guestOf(story).runtime?.startedAtMs).toBe(startedAtMs);
  });

  it('15 TPM and EFI force a replacement: added in place, a version is kept', async () => {
    const story = await begin(STOPPED);
    const tpm = {storage: 'local-lvm', version: 'v2.0'};
    const efi = {storage: 'local-lvm', efitype: '4m'};
    commit(story, manifest(patched(STOPPED, {tpm, efi})));
    expect(await settleAll(story)).toEqual(['update']);
    const {tpmstate0, efidisk0} = configOf(story);
    expect([tpmstate0, efidisk0]).toEqual([
      expect.stringContaining('version=v2.0'),
      expect.stringContaining('efitype=4m'),
    ]);
    for (const edit of [{tpm: {version: 'v1.2'}}, {efi: {efitype: '2m'}}]) {
      commit(story, manifest(patched(patched(STOPPED, {tpm, efi}), edit)));
      await settleAll(story);
      expect((await reasons(story)).join()).toMatch(/cannot (be changed|change)/);
      expect(configOf(story)).toMatchObject({tpmstate0, efidisk0});
    }
  });

  it('17 a data disk goes with its guest: retained, or named in what is approved', async () => {
    const data = patched(STOPPED, {disks: {scsi1: {storage: 'local-lvm', size: '4GiB'}}});
    const kept = await begin(data, {annotations: {'pvegit/on-delete': 'retain'}});
    kept.files.delete('vm.yaml');
    await settleAll(kept);
    expect(volumesOf(kept)).toContain('local-lvm:vm-150-disk-1');
    const story = await begin(data);
    story.files.delete('vm.yaml');
    const [action] = await open(story);
    expect(JSON.stringify(action?.facts)).toContain('"volid":"local-lvm:vm-150-disk-1"');
    await story.settle();
    expect(volumesOf(story)).toContain('local-lvm:vm-150-disk-1');
  });

  it('18 a removed disk is lost or stays: it is unused first, and deleted by itself', async () => {
    const story = await begin(
      patched(STOPPED, {disks: {scsi1: {storage: 'local-lvm', size: '4GiB'}}}),
    );
    commit(story, manifest(STOPPED));
    await settleAll(story);
    expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
    expect(await quiet(story)).toEqual([]);
    commit(story, manifest(patched(STOPPED, {unused: {unused0: null}})));
    expect((await open(story)).map(({risk}) => risk)).toEqual(['destructive']);
    await story.settle();
    expect(volumesOf(story)).toContain('local-lvm:vm-150-disk-1');
    await story.approveAll();
    expect(volumesOf(story)).not.toContain('local-lvm:vm-150-disk-1');
    expect(await quiet(story)).toEqual([]);
  });

  it('19 shrinking is claimed to have worked: it is refused with both sizes', async () => {
    const sent: Sent[] = [];
    const story = await begin(RUNNING, {sent});
    const before = writes(sent).length;
    commit(story, manifest(patched(RUNNING, {disks: {scsi0: {size: '4GiB'}}})));
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/^shrink: scsi0 has 8G; .*4G is wanted/);
    expect(writes(sent)).toHaveLength(before);
  });

  it('20 a pending change brings the old size back: it is written again', async () => {
    const story = await begin(RUNNING);
    configure(story, {scsi0: `${configOf(story)['scsi0']},ssd=1`});
    expect(pendingOf(story)['scsi0']).toContain('size=8G');
    commit(story, manifest(patched(RUNNING, {disks: {scsi0: {size: '12GiB'}}})));
    await settleAll(story);
    byHand(story, 'POST', '/nodes/pve1/qemu/150/status/reboot');
    await story.clock.sleep(120_000);
    expect(configOf(story)['scsi0']).toMatch(/size=12G,ssd=1/);
    expect(await quiet(story)).toEqual([]);
  });

  it('31 a stopped guest is started by an update: power is only what is asked for', async () => {
    const cold = await begin(STOPPED);
    commit(cold, manifest(patched(STOPPED, {cpu: {cores: 4}, config: {bios: 'ovmf'}})));
    await settleAll(cold);
    expect(guestOf(cold).runtime).toBeUndefined();
    const left = await begin(patched(NEO4J, {power: 'ignore'}));
    expect(guestOf(left).runtime).toBeUndefined();
    commit(left, manifest(patched(NEO4J, {power: 'ignore', memory: '3GiB'})));
    await settleAll(left);
    expect(guestOf(left).runtime).toBeUndefined();
    byHand(left, 'POST', '/nodes/pve1/qemu/150/status/start');
    expect(await quiet(left)).toEqual([]);
  });

  it('39 any difference restarts a running guest: only what cannot be had otherwise', async () => {
    const story = await begin(RUNNING);
    const {startedAtMs} = guestOf(story).runtime ?? {};
    const benign = STORY_EDITS.filter(({running, former}) => running === 'benign' && !former);
    expect(benign.length).toBeGreaterThan(12);
    for (const {patch} of benign.filter((edit) => !edit.revertSays)) {
      commit(story, manifest(patched(RUNNING, patch)));
      await settleAll(story);
    }
    expect(guestOf(story).runtime?.startedAtMs).toBe(startedAtMs);
  });

  it('40 a release destroys and makes anew: no edit is ever a delete or a create', async () => {
    const story = await begin(RUNNING);
    for (const {patch} of STORY_EDITS) {
      commit(story, manifest(patched(RUNNING, patch)));
      const lines = (await open(story)).map(lineOf);
      expect(lines.filter((line) => !line.startsWith('update '))).toEqual([]);
    }
  });
});

interface Beginning {
  readonly policy?: typeof EAGER;
  readonly nodes?: readonly string[];
  readonly annotations?: Spec;
  readonly sent?: Sent[];
}

async function begin(spec: Spec, given: Beginning = {}): Promise<Story> {
  const {policy = EAGER, nodes = ['pve1'], annotations = {}, sent = []} = given;
  const text = manifest(spec, {annotations});
  const files = {'vm.yaml': text, 'secrets.yaml': SECRET, 'defaults.yaml': DEFAULTS};
  const story = createStory(demoCluster({nodes}), {files, policy, wrap: overhear(sent)});
  story.secrets.set('harness.password', 'correct-horse');
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
