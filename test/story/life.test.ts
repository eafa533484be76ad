// Why this exists: a guest's life besides plain edits: it is renamed, moved between documents and
// sets, given another VMID, adopted, released, replaced and deleted, and each is one thing only.
import {describe, expect, it} from 'vitest';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {armRequest} from '../../src/simulator/faults.ts';
import {
  commit,
  configOf,
  DEFAULTS,
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

const BASE = patched(NEO4J, {power: 'stopped'});

describe('a guest of Git', () => {
  it('may change file and metadata.name freely: the rename is one update', async () => {
    const story = await begin();
    const before = configOf(story);
    story.files.delete('vm.yaml');
    story.files.set('elsewhere/graph.yaml', manifest(BASE, {name: 'graph-db'}));
    expect(await openLines(story)).toEqual(['update benign: name']);
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)).toEqual({...before, name: 'graph-db'});
    expect(await quiet(story)).toEqual([]);
  });

  it('moves into a set and out of it without a delete or a create', async () => {
    const story = await begin();
    const before = configOf(story);
    const {vmid: _, ...template} = BASE;
    const set = {replicas: 1, vmidStart: 150, prefix: 'graph', template};
    story.files.delete('vm.yaml');
    story.files.set('set.yaml', setOf(set));
    expect(await openLines(story)).toEqual(['update benign: name']);
    await settleAll(story);
    expect(configOf(story)['name']).toBe('graph-1');
    story.files.delete('set.yaml');
    commit(story, manifest(BASE));
    expect(await openLines(story)).toEqual(['update benign: name']);
    await settleAll(story);
    expect(configOf(story)).toEqual(before);
    expect(await quiet(story)).toEqual([]);
  });

  it('under another VMID is a create and a delete, and the delete waits for approval', async () => {
    const story = await begin();
    commit(story, manifest(patched(BASE, {vmid: 160})));
    const lines = await openLines(story);
    expect(lines).toHaveLength(2);
    expect(lines.join('\n')).toMatch(/^create benign: /m);
    expect(lines).toContain('delete destructive: ');
    await story.settle();
    expect([...story.simulator.guests.keys()].toSorted()).toEqual([100, 150, 160]);
    await story.approveAll();
    expect([...story.simulator.guests.keys()].toSorted()).toEqual([100, 160]);
    expect(await quiet(story)).toEqual([]);
  });

  it('that leaves Git is deleted once approved, with its volumes and nothing else', async () => {
    const story = await begin();
    const others = volumeNames(story).filter((name) => !name.includes('-150-'));
    story.files.delete('vm.yaml');
    expect(await openLines(story)).toEqual(['delete destructive: ']);
    await story.settle();
    expect(story.simulator.guests.has(150)).toBe(true);
    await story.approveAll();
    expect(story.simulator.guests.has(150)).toBe(false);
    expect(volumeNames(story)).toEqual(others);
    expect(await quiet(story)).toEqual([]);
  });

  it('whose manifest comes back before the approval has no delete any more', async () => {
    const story = await begin();
    story.files.delete('vm.yaml');
    await story.settle();
    commit(story, manifest(BASE));
    expect(await quiet(story)).toEqual([]);
  });

  it('with on-delete: retain is released: only the marker goes', async () => {
    const annotations = {'pvegit/on-delete': 'retain'};
    const story = await begin(manifest(BASE, {annotations}));
    const {description, ...before} = configOf(story);
    expect(description).toMatch(/pvegit\/v1/);
    story.files.delete('vm.yaml');
    expect(await openLines(story)).toEqual(['release benign: ']);
    expect(await settleAll(story)).toEqual(['release']);
    expect(configOf(story)).toEqual(before);
    expect(story.journal.records('harness')).toEqual([]);
    expect(await quiet(story)).toEqual([]);
  });

  it('is replaced once for each new text, after an approval', async () => {
    const story = await begin();
    const before = configOf(story)['smbios1'];
    const text = manifest(BASE, {annotations: {'pvegit/replace': 'rebuild after the intrusion'}});
    commit(story, text);
    expect((await open(story)).map(({verb, risk}) => [verb, risk])).toEqual([
      ['replace', 'destructive'],
    ]);
    await story.settle();
    expect(configOf(story)['smbios1']).toBe(before);
    expect(await settleAll(story)).toContain('replace');
    expect(configOf(story)['smbios1']).not.toBe(before);
    expect(await quiet(story)).toEqual([]);
    await settleAll(story);
    expect(story.outcomes.filter(({verb}) => verb === 'replace')).toHaveLength(1);
  });
});

describe('nothing is pruned', () => {
  it('while a document of the source has an error', async () => {
    const story = await begin();
    story.files.delete('vm.yaml');
    story.files.set('broken.yaml', 'apiVersion: pvegit/v1\nkind: VirtualMachine\nspec: [\n');
    expect(await reasons(story)).toEqual([expect.stringMatching(/^incomplete: .*with errors/)]);
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(true);
  });

  it('while the folder holds no valid document at all', async () => {
    const story = await begin();
    story.files.clear();
    expect(await reasons(story)).toEqual([expect.stringMatching(/^incomplete: .*no valid/)]);
  });

  it('while the list of guests could not be read', async () => {
    const story = await begin();
    story.files.delete('vm.yaml');
    armRequest(
      story.simulator,
      {path: /^\/cluster\/resources/, times: 99},
      {kind: 'answer', status: 500, reason: 'ipcc_send_rec failed: Connection refused'},
    );
    await settleAll(story);
    expect(await reasons(story)).toEqual([expect.stringMatching(/^incomplete: /)]);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect(story.journal.records('harness').map(({key}) => key)).toEqual(['guest/150']);
  });
});

describe('adoption', () => {
  const config = {
    name: 'legacy',
    cores: '2',
    memory: '2048',
    net0: 'virtio=BC:24:11:00:00:10,bridge=vmbr0',
    scsi0: 'local-lvm:vm-170-disk-0,size=8G',
    smbios1: 'uuid=6f9619ff-8b86-4011-b42d-00c04fc964ff',
    description: 'Bought in 2019',
    tags: 'Web;old',
  };
  const spec: Spec = {
    vmid: 170,
    node: 'pve1',
    power: 'stopped',
    cpu: {cores: 2},
    memory: '2GiB',
    networks: {net0: {model: 'virtio', bridge: 'vmbr0'}},
    disks: {scsi0: {storage: 'local-lvm', size: '8GiB'}},
    tags: ['old', 'web'],
  };
  const adopting = (
    changes: Spec = {},
    adopt: string | null = '6F9619FF-8B86-4011-B42D-00C04FC964FF',
  ) =>
    manifest(patched(spec, changes), {
      name: 'legacy',
      annotations: adopt === null ? {} : {'pvegit/adopt': adopt},
    });
  const legacy = (text: string): Story => {
    const cluster = demoCluster();
    addGuest(cluster, 170, {config, volumes: {'local-lvm:vm-170-disk-0': 8 * 1024 ** 3}});
    return createStory(cluster, {files: {'vm.yaml': text}});
  };

  it('writes only the marker where the plan is otherwise empty', async () => {
    const story = legacy(adopting());
    await story.clock.sleep(30_000);
    expect(await openLines(story)).toEqual(['adopt benign: ']);
    expect(await settleAll(story)).toEqual(['adopt']);
    const {description, ...rest} = configOf(story, 170);
    expect({...rest, description: config.description}).toEqual(config);
    expect(description).toMatch(/^Bought in 2019\n<!-- pvegit\/v1 .* vmid=170 -->$/);
    expect(await quiet(story)).toEqual([]);
  });

  it('waits with the difference where there is one, and writes nothing', async () => {
    const story = legacy(adopting({memory: '4GiB'}));
    await story.clock.sleep(30_000);
    await settleAll(story);
    expect(await reasons(story)).toContain(
      'adoption-differs: adoption changes nothing, and memory differ',
    );
    expect(configOf(story, 170)).toEqual(config);
  });

  it('is refused for another witness, and without being asked for', async () => {
    const other = legacy(adopting({}, '11111111-2222-4333-8444-555555555555'));
    await other.clock.sleep(30_000);
    expect((await reasons(other)).join()).toMatch(/^identity-changed: /);
    const unasked = legacy(adopting({}, null));
    await unasked.clock.sleep(30_000);
    expect((await reasons(unasked)).join()).toMatch(/^vmid-taken: /);
    await settleAll(unasked);
    expect(configOf(unasked, 170)).toEqual(config);
  });

  it('lets go, and does not take out, a field that later leaves the manifest', async () => {
    const story = legacy(adopting());
    await story.clock.sleep(30_000);
    await settleAll(story);
    commit(story, adopting({tags: '(gone)', networks: '(gone)'}));
    await settleAll(story);
    expect(guestOf(story, 170).config.get('tags')).toBe('Web;old');
    expect(guestOf(story, 170).config.get('net0')).toBe(config.net0);
    expect(await quiet(story)).toEqual([]);
  });
});

async function begin(text = manifest(BASE)): Promise<Story> {
  const files = {'defaults.yaml': DEFAULTS, 'vm.yaml': text};
  const story = createStory(demoCluster(), {files});
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}

function setOf(spec: Spec): string {
  const metadata = {name: 'graphs'};
  return JSON.stringify({apiVersion: 'pvegit/v1', kind: 'VirtualMachineSet', metadata, spec});
}

function volumeNames(story: Story): readonly string[] {
  return [...story.simulator.volumes.values()].map(({volid}) => volid).toSorted();
}
