// Why this exists: somebody who may edit a description, a repository or the configuration must not
// get the controller to touch, copy or destroy what is not its own.
import {describe, expect, it} from 'vitest';
import {err} from '../../src/core/result.ts';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
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
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, EVERYTHING, type Story} from './world.ts';

const BASE = patched(NEO4J, {power: 'stopped'});
const EDITED = patched(BASE, {cpu: {cores: 4}});
const OURS = '<!-- pvegit/v1 installation=home cluster=harness vmid=150 -->';
const THEIRS = '<!-- pvegit/v1 installation=away cluster=harness vmid=150 -->';

describe('a description that somebody edited', () => {
  it.each([
    {title: 'the marker is not in the last line', description: `${OURS}\nmy notes`},
    {title: 'the marker stands in a closed code block', description: `\`\`\`\n${OURS}\n\`\`\``},
    {title: 'two markers, the last of another installation', description: `${OURS}\n${THEIRS}`},
    {title: 'text before the marker in its line', description: `see ${OURS}`},
    {title: 'text behind the marker in its line', description: `${OURS} see above`},
    {title: 'a Cyrillic letter in it', description: OURS.replace('home', 'h\u043eme')},
    {title: 'another slash', description: OURS.replace('/', '\u2215')},
    {title: 'a zero-width space behind it', description: `${OURS}\u200b`},
    {title: 'capital letters', description: OURS.toUpperCase()},
    {title: 'another order', description: OURS.replace(/(inst\S+) (clu\S+)/, '$2 $1')},
    {title: 'two spaces in it', description: OURS.replace(' vmid', '  vmid')},
    {title: 'a VMID that begins like ours', description: OURS.replace('150', '1500')},
    {title: 'a line separator instead of a new line', description: `a\u2028${OURS}`},
    {title: 'thousands of carriage returns', description: `${OURS}${'\r'.repeat(8000)}x`},
    {title: 'nothing at all', description: ''},
  ])('leaves the guest alone: $title', async ({description}) => {
    const story = await begin();
    guestOf(story).config.set('description', description);
    commit(story, manifest(EDITED));
    await settleAll(story);
    expect(configOf(story)).toMatchObject({cores: '2', description});
    expect((await reasons(story)).join()).toMatch(/^(marker-missing|not-ours): /);
    story.files.delete('vm.yaml');
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(true);
  });

  it.each([
    {title: 'trailing white space', description: `notes\n${OURS}  \n\n`},
    {title: 'line ends of Windows', description: `notes\r\n${OURS}\r\n`},
    {title: 'a foreign marker somewhere before', description: `${THEIRS}\n${OURS}`},
    {title: 'a code block that nobody closed', description: `\`\`\`\n${OURS}`},
  ])('is still ours: $title', async ({description}) => {
    const story = await begin();
    guestOf(story).config.set('description', description);
    commit(story, manifest(EDITED));
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('4');
  });

  it('that leaves no room for the marker is not adopted, with the reason', async () => {
    const uuid = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
    const cluster = demoCluster();
    const config = {memory: '512', smbios1: `uuid=${uuid}`, description: 'x'.repeat(8190)};
    addGuest(cluster, 150, {config});
    const text = manifest(
      {vmid: 150, memory: '512MiB', name: null},
      {annotations: {'pvegit/adopt': uuid}},
    );
    const story = createStory(cluster, {files: {'vm.yaml': text}});
    await story.clock.sleep(30_000);
    await settleAll(story);
    expect(configOf(story)).toEqual(config);
    expect((await reasons(story)).join()).toMatch(/^waiting: .*no room for the marker/);
    expect(story.outcomes).toEqual([]);
  });

  it('of Git that holds a marker is refused', async () => {
    for (const description of [`x\n${THEIRS}`, OURS, `a ${THEIRS} b`]) {
      const story = await begin();
      commit(story, manifest(patched(EDITED, {description})));
      await settleAll(story);
      expect(configOf(story)['cores']).toBe('2');
      expect(await errors(story)).toEqual(['vm-description-marker']);
    }
  });
});

describe('a copy', () => {
  it('a clone of our guest is not ours, and is told how it can be', async () => {
    const story = await begin();
    const config = {...configOf(story), smbios1: 'uuid=6f9619ff-8b86-4011-b42d-00c04fc964ff'};
    addGuest(story.simulator, 160, {config});
    const adopt = {'pvegit/adopt': '6f9619ff-8b86-4011-b42d-00c04fc964ff'};
    const {clone: _, ...spec} = patched(EDITED, {vmid: 160});
    story.files.set('copy.yaml', manifest(spec, {name: 'copy', annotations: adopt}));
    await story.clock.sleep(30_000);
    await settleAll(story);
    expect(configOf(story, 160)).toEqual(config);
    const {report} = await story.plan();
    const verdict = report.verdicts.find(({key}) => key === 'guest/160');
    expect(verdict?.verdict).toBe('refuse');
    expect(verdict?.reasons[0]).toMatchObject({reason: 'not-ours'});
    expect(verdict?.reasons[0]?.remedy).toMatch(/copy.*take it out of its description/);
  });

  it('is cloned from a template of anybody, else only from a guest in its scope', async () => {
    const cluster = demoCluster();
    addGuest(cluster, 300, {
      config: {memory: '512', smbios1: 'uuid=6f9619ff-8b86-4011-b42d-00c04fc964ff'},
    });
    const scope = {...EVERYTHING, vmids: [{from: 150, to: 199}]};
    const files = {
      'a.yaml': manifest({vmid: 150, node: 'pve1', clone: {vmid: 100}}, {name: 'good'}),
      'b.yaml': manifest({vmid: 151, node: 'pve1', clone: {vmid: 300}}, {name: 'thief'}),
    };
    const story = createStory(cluster, {files, scope});
    await story.clock.sleep(30_000);
    await settleAll(story);
    expect([...cluster.guests.keys()]).toContain(150);
    expect([...cluster.guests.keys()]).not.toContain(151);
    expect((await reasons(story)).join()).toMatch(/^out-of-scope: VMID 300 of infra/);
  });
});

describe('a volume of another guest', () => {
  it.each([
    {title: 'as a disk', spec: {disks: {scsi1: {file: 'local-lvm:vm-300-disk-0'}}}},
    {title: 'as a disk, by folder', spec: {disks: {scsi1: {file: 'local:300/data.qcow2'}}}},
    {
      title: 'as a disk, in our name in their folder',
      spec: {disks: {scsi1: {file: 'local:300/vm-150-disk-0.qcow2'}}},
    },
    {title: 'in a CD drive', spec: {cdroms: {ide0: {file: 'local-lvm:vm-300-cloudinit'}}}},
    {
      title: 'imported',
      spec: {
        disks: {
          scsi1: {storage: 'local-lvm', size: '8GiB', 'import-from': 'local-lvm:vm-300-disk-0'},
        },
      },
    },
  ])('is refused while it is text: $title', async ({spec}) => {
    const story = await begin();
    commit(story, manifest(patched(EDITED, spec)));
    await settleAll(story);
    expect(configOf(story)['cores']).toBe('2');
    expect(await errors(story)).toEqual(['vm-foreign-volume']);
  });
});

describe('a storage outside of the scope', () => {
  const disks = (scsi1: Spec): Spec => ({disks: {scsi1}});
  it.each([
    {title: 'by a CD', spec: {cdroms: {ide0: {file: 'local:iso/theirs.iso'}}}},
    {
      title: 'by an import',
      spec: disks({storage: 'fast', size: '8GiB', 'import-from': 'local:import/a.raw'}),
    },
    {title: 'by a volume', spec: disks({file: 'local:150/vm-150-disk-7.qcow2'})},
    {title: 'by a snippet', spec: {cloudInit: {custom: {user: 'local:snippets/theirs.yaml'}}}},
    {title: 'by the state of memory', spec: {config: {vmstatestorage: 'local'}}},
    {title: 'by a disk', spec: disks({storage: 'local', size: '8GiB'})},
  ])('is not reached: $title', async ({spec}) => {
    const scope = {...EVERYTHING, storages: ['local-lvm', 'fast']};
    const story = createStory(demoCluster(), {files: {'vm.yaml': manifest(BASE)}, scope});
    await settleAll(story);
    const before = configOf(story);
    commit(story, manifest(patched(EDITED, spec)));
    await settleAll(story);
    expect(configOf(story)).toEqual(before);
    expect((await reasons(story)).join()).toMatch(/^out-of-scope: storage local of infra/);
  });

  it('is not reached by a clone that says no storage', async () => {
    const scope = {...EVERYTHING, storages: ['fast']};
    const {disks: _disks, ...spec} = BASE;
    const story = createStory(demoCluster(), {files: {'vm.yaml': manifest(spec)}, scope});
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(false);
    expect((await reasons(story)).join()).toMatch(/^out-of-scope: storage local-lvm of infra/);
  });
});

describe('a source', () => {
  it('a source that fails, is renamed or is taken away deletes nothing', async () => {
    const simulator = demoCluster();
    const first = await begin(simulator);
    const {journal} = first;
    const files = {'house.yaml': DEFAULTS};
    const failure = {kind: 'unreachable', message: 'no answer', remedy: 'wait'} as const;
    const failing = createStory(simulator, {files, journal, fetched: () => err(failure)});
    await settleAll(failing);
    expect((await reasons(failing)).join()).toMatch(/^incomplete: .*could not be read/);
    const renamed = createStory(simulator, {files, journal, source: 'platform'});
    await settleAll(renamed);
    expect((await reasons(renamed)).join()).toMatch(/^incomplete: .*infra is not configured/);
    expect(simulator.guests.has(150)).toBe(true);
    expect(journal.records('harness').map(({source}) => source)).toEqual(['infra']);
  });

  it('under another name takes its guests over when it declares them, without a call', async () => {
    const simulator = demoCluster();
    const {journal} = await begin(simulator);
    const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(BASE)};
    const renamed = createStory(simulator, {files, journal, source: 'platform'});
    expect(await settleAll(renamed)).toEqual([]);
    expect(await openLines(renamed)).toEqual([]);
    expect(journal.records('harness').map(({source}) => source)).toEqual(['platform']);
  });
});

async function begin(simulator = demoCluster(), spec: Spec = BASE): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(spec)};
  const story = createStory(simulator, {files});
  await settleAll(story);
  expect(await openLines(story)).toEqual([]);
  configure(story, {shares: 1000});
  return story;
}

async function errors(story: Story): Promise<readonly string[]> {
  const {manifests} = await story.plan();
  return manifests.flatMap(({diagnostics}) => diagnostics.map(({code}) => code));
}
