// Why this exists: pains that come from comparing and importing badly: phantom differences, guests
// that are touched by being imported, encodings, secrets.
import {describe, expect, it} from 'vitest';
import {isObject} from '../../src/core/json.ts';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {byHand, configure} from '../story/by-hand.ts';
import {
  commit,
  configOf,
  guestOf,
  manifest,
  NEO4J,
  open,
  openLines,
  patched,
  SECRET,
  type Spec,
  settleAll,
} from '../story/guest.ts';
import {createStory, type Story} from '../story/world.ts';
import {overhear, type Sent, writes} from './traffic.ts';

const WITNESS = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const GIB = 1024 ** 3;

/** Set up by hand over the years, spelt in every way. */
const OLD: {readonly [key: string]: string} = {
  agent: 'enabled=1,fstrim_cloned_disks=1',
  boot: 'order=scsi0;net0',
  cores: '4',
  cpulimit: '1.50',
  description: 'Kept by hand\nsince 2019 \n',
  memory: '02048',
  name: 'old-web',
  net0: 'bridge=vmbr0,firewall=1,virtio=bc:24:11:00:00:0a,tag=5',
  net1: 'e1000=BC:24:11:00:00:0B,bridge=vmbr1',
  scsi0: 'local-lvm:vm-170-disk-0,backup=1,discard=on,size=8192M,ssd=1',
  smbios1: `uuid=${WITNESS.toUpperCase()}`,
  startup: 'up=30,order=2',
  tags: 'Web;old;web',
};

const OLD_SPEC: Spec = {
  vmid: 170,
  node: 'pve1',
  power: 'running',
  agent: {enabled: true},
  boot: {order: ['scsi0', 'net0']},
  cpu: {cores: 4, limit: 1.5},
  description: 'Kept by hand\nsince 2019',
  memory: '2GiB',
  disks: {scsi0: {storage: 'local-lvm', size: '8GiB', discard: true, ssd: true}},
  networks: {net0: {model: 'virtio', bridge: 'vmbr0', tag: 5, mac: 'BC:24:11:00:00:0A'}},
  startup: {order: 2, up: '30s'},
  tags: ['OLD', 'web'],
};

describe('comparing', () => {
  it('1 phantom diffs: what is spelt in any way is no difference, pass after pass', async () => {
    const {story, sent} = await old();
    await settleAll(story);
    const before = writes(sent).length;
    for (let pass = 0; pass < 5; pass += 1) {
      await story.clock.sleep(60_000);
      expect((await story.settle()).report.plan?.actions.map(({verb}) => verb)).toEqual(['none']);
    }
    expect(writes(sent)).toHaveLength(before);
  });

  it('2 import stops and starts guests: adoption is one write, the marker', async () => {
    const {story, sent} = await old();
    const runtime = guestOf(story, 170).runtime;
    expect(await settleAll(story)).toEqual(['adopt']);
    expect(writes(sent)).toEqual(['PUT /nodes/pve1/qemu/170/config']);
    expect(guestOf(story, 170).runtime).toBe(runtime);
    const {description, ...rest} = configOf(story, 170);
    expect({...rest, description: OLD['description']}).toEqual(OLD);
    expect(description).toContain('since 2019');
  });

  it('4 disks swap: a slot is a slot, whatever the order, and a serial is kept', async () => {
    const spec = patched(NEO4J, {
      power: 'stopped',
      disks: {
        scsi1: {storage: 'local-lvm', size: '1GiB', serial: 'data-1'},
        scsi2: {storage: 'local-lvm', size: '2GiB', serial: 'data-2'},
      },
    });
    const story = await begin(spec);
    const {scsi0, scsi2} = configOf(story);
    const {disks} = spec;
    const reversed = isObject(disks) ? Object.entries(disks).toReversed() : [];
    expect(reversed).toHaveLength(3);
    commit(story, manifest({...spec, disks: Object.fromEntries(reversed)}));
    expect(await quiet(story)).toEqual([]);
    commit(story, manifest(patched(spec, {disks: {scsi1: '(gone)'}})));
    await settleAll(story);
    expect(configOf(story)).toMatchObject({scsi0, scsi2});
    expect(configOf(story)['scsi2']).toMatch(/serial=data-2/);
  });

  it('5 editing one card removes others: each is known by its slot', async () => {
    const story = await begin(NEO4J);
    configure(story, {net1: 'e1000=BC:24:11:00:00:22,bridge=vmbr1', net5: 'virtio,bridge=vmbr0'});
    const {net1, net5} = configOf(story);
    commit(story, manifest(patched(NEO4J, {networks: {net0: {tag: 9}}})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)).toMatchObject({net0: expect.stringMatching(/,tag=9$/), net1, net5});
  });

  it('6 the MAC is made anew: the live one is carried into every write', async () => {
    const story = await begin(NEO4J);
    const mac = /^virtio=([^,]+)/.exec(configOf(story)['net0'] ?? '')?.[1];
    const edits: readonly Spec[] = [{tag: 5}, {firewall: true}, {model: 'e1000'}, {queues: 2}];
    for (const edit of edits) {
      commit(story, manifest(patched(NEO4J, {networks: {net0: edit}})));
      await settleAll(story);
      expect(configOf(story)['net0']).toContain(`=${mac},`);
    }
  });

  it('7 tags in another case and order are the same, and keep theirs where it counts', async () => {
    const story = await begin(patched(NEO4J, {power: 'stopped', tags: ['Prod', 'db']}));
    expect(configOf(story)['tags']).toBe('db;prod');
    configure(story, {tags: 'PROD,db'});
    expect(await quiet(story)).toEqual([]);
    story.simulator.options.set('tag-style', 'case-sensitive=1,ordering=config');
    configure(story, {tags: 'other'});
    await settleAll(story);
    expect(configOf(story)['tags']?.split(';').toSorted()).toEqual(['Prod', 'db']);
    expect(await quiet(story)).toEqual([]);
  });

  it('8 a line feed at the end of a description is no difference', async () => {
    const story = await begin(patched(NEO4J, {description: 'one\n\n  two\n'}));
    expect(configOf(story)['description']).toMatch(/^one\n\n {2}two\n<!-- pvegit\/v1 [^\n]*-->$/);
    expect(await quiet(story)).toEqual([]);
  });

  it('9 public keys are encoded once in the configuration, and compared decoded', async () => {
    const key =
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0ZkY7x1q0qQzq3p9lT5c0o8n2n7rXvQe4xO0f6kJ2b a+b@c';
    const story = await begin(patched(NEO4J, {cloudInit: {sshKeys: [key]}}));
    expect(decodeURIComponent(configOf(story)['sshkeys'] ?? '')).toBe(key);
    expect(configOf(story)['sshkeys']).not.toContain('%25');
    expect(await quiet(story)).toEqual([]);
  });

  it('10 the mask is written back as the password: never, and only a new one is', async () => {
    const sent: Sent[] = [];
    const password = {secretRef: {name: 'harness', key: 'password'}};
    const story = await begin(patched(NEO4J, {cloudInit: {password}}), sent);
    const hash = configOf(story)['cipassword'];
    commit(story, manifest(patched(NEO4J, {cloudInit: {password, user: 'dmg'}})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)['cipassword']).toBe(hash);
    story.secrets.set('harness.password', 'battery-staple');
    expect(await openLines(story)).toEqual(['update benign: cloudInit.password']);
    await settleAll(story);
    expect(configOf(story)['cipassword']).not.toBe(hash);
    expect(await quiet(story)).toEqual([]);
    const texts = sent.flatMap(({params}) => Object.values(params));
    expect(texts.filter((text) => text.includes('***'))).toEqual([]);
    expect(JSON.stringify(story.journal.records('harness'))).not.toMatch(/correct|battery/);
  });

  it('11 pools: joined at create, and drift where somebody moved it', async () => {
    const sent: Sent[] = [];
    const story = await begin(patched(NEO4J, {pool: 'team'}), sent);
    expect(sent.find(({path}) => path.endsWith('/clone'))?.params['pool']).toBe('team');
    byHand(story, 'PUT', '/pools', {poolid: 'other', vms: '150', 'allow-move': 1});
    await story.clock.sleep(30_000);
    expect((await open(story)).map(({cause}) => cause)).toEqual(['drift']);
    await settleAll(story);
    expect([...(story.simulator.pools.get('team')?.vms ?? [])]).toEqual([150]);
    const free = await begin(NEO4J);
    byHand(free, 'PUT', '/pools', {poolid: 'other', vms: '150'});
    expect(await quiet(free)).toEqual([]);
  });
});

async function old(): Promise<{readonly story: Story; readonly sent: readonly Sent[]}> {
  const cluster = demoCluster();
  const volumes = {'local-lvm:vm-170-disk-0': 8 * GIB};
  addGuest(cluster, 170, {config: OLD, volumes, running: true});
  const text = manifest(OLD_SPEC, {name: 'old-web', annotations: {'pvegit/adopt': WITNESS}});
  const sent: Sent[] = [];
  const story = createStory(cluster, {files: {'vm.yaml': text}, wrap: overhear(sent)});
  await story.clock.sleep(30_000);
  return {story, sent};
}

async function begin(spec: Spec, sent: Sent[] = []): Promise<Story> {
  const cluster = demoCluster({pools: ['team', 'other']});
  const files = {'vm.yaml': manifest(spec), 'secrets.yaml': SECRET};
  const story = createStory(cluster, {files, wrap: overhear(sent)});
  story.secrets.set('harness.password', 'correct-horse');
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
