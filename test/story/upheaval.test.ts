// Why this exists: one small edit can concern every guest: a set's first VMID, a Defaults, the name
// of the installation or of a cluster. What that leads to is shown, counted and held.
import {describe, expect, it} from 'vitest';
import type {Verdict} from '../../src/core/action.ts';
import {setFingerprint} from '../../src/core/canonical.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {configure} from './by-hand.ts';
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
  volumesOf,
} from './guest.ts';
import {approval, createStory, type Story} from './world.ts';

const MEMBER: Spec = {
  node: 'pve1',
  power: 'stopped',
  clone: {vmid: 100, full: true},
  memory: '1GiB',
};
const ONE = patched(NEO4J, {power: 'stopped'});

describe('a set', () => {
  it('whose prefix changes is so many renames, and nothing is deleted or made', async () => {
    const story = await beginSet();
    story.files.set('set.yaml', setOf({vmidStart: 200, prefix: 'build'}));
    const lines = await openLines(story);
    expect(new Set(lines)).toEqual(new Set(['update benign: name']));
    expect(await settleAll(story)).toEqual(Array(7).fill('update'));
    expect(configOf(story, 206)['name']).toBe('build-7');
  });

  it('a set whose first VMID moves far away is a mass deletion, which is held', async () => {
    const story = await beginSet();
    story.files.set('set.yaml', setOf({vmidStart: 300, prefix: 'dev'}));
    const deletes = (await open(story)).filter(({verb}) => verb === 'delete');
    expect(deletes).toHaveLength(7);
    story.approvals = deletes.map(({fingerprint}) => approval(fingerprint, story.clock.now()));
    await story.settle();
    expect(vmidsOf(story)).toEqual([100, ...range(200, 7), ...range(300, 7)]);
    const held = await verdicts(story, 'delete');
    expect(held.map(({reasons: [first]}) => first?.reason)).toEqual(Array(7).fill('blast-radius'));
    expect(held[0]?.reasons[0]?.detail).toMatch(/7 destructive actions, at most 5/);
    const set = setFingerprint(deletes.map(({fingerprint}) => fingerprint).toSorted()) ?? '';
    story.approvals.push(approval(set, story.clock.now()));
    await story.settle();
    expect(vmidsOf(story)).toEqual([100, ...range(300, 7)]);
  });

  it('whose first VMID moves by one keeps all but its first guest', async () => {
    const story = await beginSet();
    const uuid = configOf(story, 206)['smbios1'];
    story.files.set('set.yaml', setOf({vmidStart: 201, prefix: 'dev'}));
    const verbs = (await open(story)).map(({verb, vmid}) => `${verb} ${vmid}`);
    expect(verbs.filter((verb) => !verb.startsWith('update'))).toEqual([
      'create 207',
      'delete 200',
    ]);
    await settleAll(story);
    await settleAll(story);
    expect(vmidsOf(story)).toEqual([100, ...range(201, 7)]);
    expect(configOf(story, 206)).toMatchObject({smbios1: uuid, name: 'dev-6'});
  });

  it('that is scaled to none deletes nothing without an approval of the whole set', async () => {
    const story = await beginSet();
    story.files.set('set.yaml', setOf({vmidStart: 200, prefix: 'dev', replicas: 0}));
    await settleAll(story);
    expect(vmidsOf(story)).toEqual([100, ...range(200, 7)]);
    expect((await reasons(story)).join()).toMatch(/blast-radius: /);
  });
});

describe('Defaults', () => {
  it('that take protection off everywhere are as many destructive actions', async () => {
    const story = await beginSet({protection: true});
    story.files.set('house.yaml', house({protection: false}));
    await settleAll(story);
    expect(range(200, 7).map((vmid) => configOf(story, vmid)['protection'])).toEqual(
      Array(7).fill('1'),
    );
    expect((await reasons(story)).join()).toMatch(/blast-radius: /);
  });

  it('that vanish take out what they gave, and no guest', async () => {
    const story = await beginSet({tags: ['house']});
    story.files.delete('house.yaml');
    const lines = await openLines(story);
    expect(new Set(lines)).toEqual(new Set(['update benign: tags']));
    await settleAll(story);
    expect(vmidsOf(story)).toEqual([100, ...range(200, 7)]);
  });

  it('with a mistake change nothing below, and nothing leaves', async () => {
    const story = await beginSet({tags: ['house']});
    story.files.set('house.yaml', house({tags: 5}));
    story.files.set('set.yaml', setOf({vmidStart: 300, prefix: 'dev'}));
    expect(await settleAll(story)).toEqual([]);
    expect(vmidsOf(story)).toEqual([100, ...range(200, 7)]);
  });
});

describe('the configuration', () => {
  it.each([
    {title: 'another installation', changed: {installation: 'away'}},
    {title: 'another name of the cluster', changed: {cluster: 'renamed'}},
  ])('with $title touches no guest, declared or not, and says why', async ({changed}) => {
    const simulator = demoCluster();
    const first = await beginOne(simulator);
    const before = configOf(first);
    const {journal} = first;
    const text = manifest(patched(ONE, {cpu: {cores: 8}}));
    const files = {'house.yaml': DEFAULTS, 'vm.yaml': text};
    const story = createStory(simulator, {files, journal, ...changed});
    expect(await settleAll(story)).toEqual([]);
    expect(await reasons(story)).toEqual([expect.stringMatching(/^not-ours: its marker says/)]);
    story.files.delete('vm.yaml');
    expect(await settleAll(story)).toEqual([]);
    expect(configOf(story)).toEqual(before);
    const back = createStory(simulator, {files, journal});
    expect(await settleAll(back)).toEqual(['update']);
    expect(configOf(back)['cores']).toBe('8');
  });
});

describe('what is lost', () => {
  it('by a replace that could not be made anew is nothing: it waits', async () => {
    const story = await beginOne();
    const uuid = configOf(story)['smbios1'];
    story.simulator.guests.get(100)?.config.set('lock', 'backup');
    commit(story, manifest(ONE, {annotations: {'pvegit/replace': 'now'}}));
    await settleAll(story);
    expect(configOf(story)['smbios1']).toBe(uuid);
    expect((await reasons(story)).join()).toMatch(/waiting: guest 100.*locked/);
    const {clone: _, ...bare} = ONE;
    commit(story, manifest(bare, {annotations: {'pvegit/replace': 'now'}}));
    await settleAll(story);
    expect(configOf(story)['smbios1']).toBe(uuid);
    expect((await reasons(story)).join()).toMatch(/does not say how to create it/);
  });

  it('by a move between storages is nothing: the old volume stays as unused', async () => {
    const simulator = demoCluster({
      storages: {
        'local-lvm': {type: 'lvmthin', content: ['images'], totalGiB: 400},
        fast: {type: 'lvmthin', content: ['images'], totalGiB: 400},
      },
    });
    const story = await beginOne(simulator);
    const volumes = volumesOf(story);
    commit(story, manifest(patched(ONE, {disks: {scsi0: {storage: 'fast'}}})));
    await settleAll(story);
    expect(configOf(story)['scsi0']).toMatch(/^fast:vm-150-disk-/);
    expect(volumesOf(story)).toEqual(expect.arrayContaining([...volumes]));
  });

  it('by deleting an unused volume is that volume, never another that came there', async () => {
    const scsi1 = {storage: 'local-lvm', size: '4GiB'};
    const story = await beginOne(demoCluster(), patched(ONE, {disks: {scsi1}}));
    commit(story, manifest(ONE));
    await settleAll(story);
    const first = configOf(story)['unused0'];
    expect(first).toMatch(/^local-lvm:vm-150-disk-/);
    commit(story, manifest({...ONE, unused: {unused0: null}}));
    const [action] = await open(story);
    expect(action).toMatchObject({risk: 'destructive', facts: {volumes: [first]}});
    story.approvals = [approval(action?.fingerprint ?? '', story.clock.now())];
    configure(story, {scsi3: 'local-lvm:2'});
    const other = configOf(story)['scsi3']?.split(',')[0];
    configure(story, {scsi2: first ?? ''});
    configure(story, {delete: 'scsi3'});
    expect(configOf(story)['unused0']).toBe(other);
    await story.settle();
    expect(configOf(story)['unused0']).toBe(other);
    expect((await reasons(story)).join()).toMatch(/approval: /);
  });
});

async function beginSet(spec: Spec = {}): Promise<Story> {
  const files = {'house.yaml': house(spec), 'set.yaml': setOf({vmidStart: 200, prefix: 'dev'})};
  const story = createStory(demoCluster(), {files});
  await settleAll(story);
  await settleAll(story);
  expect(await openLines(story)).toEqual([]);
  return story;
}

async function beginOne(simulator = demoCluster(), spec: Spec = ONE): Promise<Story> {
  const files = {'house.yaml': DEFAULTS, 'vm.yaml': manifest(spec)};
  const story = createStory(simulator, {files});
  await settleAll(story);
  await settleAll(story);
  expect(await openLines(story)).toEqual([]);
  expect(guestOf(story).vmid).toBe(150);
  return story;
}

function setOf(spec: Spec): string {
  const metadata = {name: 'dev'};
  const whole = {replicas: 7, template: MEMBER, ...spec};
  return JSON.stringify({
    apiVersion: 'pvegit/v1',
    kind: 'VirtualMachineSet',
    metadata,
    spec: whole,
  });
}

function house(spec: Spec): string {
  const metadata = {name: 'house'};
  const whole = {VirtualMachine: spec};
  return JSON.stringify({apiVersion: 'pvegit/v1', kind: 'Defaults', metadata, spec: whole});
}

function range(from: number, count: number): readonly number[] {
  return Array.from({length: count}, (_, index) => from + index);
}

function vmidsOf(story: Story): readonly number[] {
  return [...story.simulator.guests.keys()].toSorted((a, b) => a - b);
}

async function verdicts(story: Story, verb: string): Promise<readonly Verdict[]> {
  const {report} = await story.plan();
  const actions = report.plan?.actions.filter((action) => action.verb === verb) ?? [];
  const wanted = new Set(actions.map(({fingerprint}) => fingerprint));
  return report.verdicts.filter(({fingerprint}) => wanted.has(fingerprint));
}
