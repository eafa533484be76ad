// Why this exists: fields that are right one by one can hurt a guest together; each story is one
// commit that nobody would call strange.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {configure} from './by-hand.ts';
import {
  commit,
  configOf,
  DEFAULTS,
  GONE,
  guestOf,
  manifest,
  NEO4J,
  openLines,
  patched,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const RUNNING = patched(NEO4J, {power: 'running'});

describe('a guest’s identity', () => {
  it('stays when everything else of smbios1 is to be absent', async () => {
    const story = await begin(patched(RUNNING, {config: {smbios1: {manufacturer: 'Acme'}}}));
    const uuid = /uuid=[^,]+/.exec(configOf(story)['smbios1'] ?? '')?.[0];
    expect(await change(story, patched(RUNNING, {config: {smbios1: null}}))).toEqual(['update']);
    expect(configOf(story)['smbios1']).toBe(uuid);
    expect(await openLines(story)).toEqual([]);
  });
});

describe('a disk that a running guest boots from', () => {
  const disks = {scsi1: {storage: 'local-lvm', size: '4GiB'}};
  const both = patched(RUNNING, {disks, boot: {order: ['scsi1', 'scsi0', 'net0']}});

  it('leaves between stop and start, and the new boot order holds', async () => {
    const story = await begin(both);
    const left = patched(RUNNING, {boot: {order: ['net0', 'scsi0']}});
    commit(story, manifest(left));
    expect(await openLines(story)).toEqual(['update disruptive: boot.order disks.scsi1']);
    expect(await change(story, left)).toEqual(['update']);
    expect(configOf(story)).toMatchObject({
      boot: 'order=net0;scsi0',
      unused0: 'local-lvm:vm-150-disk-1',
    });
    expect(await openLines(story)).toEqual([]);
  });

  it('leaves in the same way when Git does not speak of the order', async () => {
    const story = await begin(patched(both, {boot: GONE}));
    guestOf(story).config.set('boot', 'order=scsi0;scsi1');
    expect(await change(story, patched(RUNNING, {boot: GONE}))).toEqual(['update']);
    expect(configOf(story)['boot']).toBe('order=scsi0');
  });

  it('does not leave while the boot order still names it', async () => {
    const story = await begin(both);
    expect(await change(story, patched(both, {disks: {scsi1: GONE}}))).toEqual([]);
    expect(await openLines(story)).toEqual([
      'update disruptive: disks.scsi1 ' +
        '[waiting: boot.order still names scsi1; take it out there too]',
    ]);
    expect(configOf(story)['scsi1']).toBeDefined();
  });

  it('is not named before it is there', async () => {
    const story = await begin(RUNNING);
    const order = patched(RUNNING, {boot: {order: ['scsi0', 'sata3']}});
    expect(await change(story, order)).toEqual([]);
    expect((await openLines(story)).join()).toMatch(/boot.order names sata3, which the guest does/);
  });
});

describe('a cloud-init drive', () => {
  const drive = (slot: string) =>
    patched(RUNNING, {cloudInit: {drive: {slot, storage: 'local-lvm'}}});

  it('leaves a slot without hot-plug between stop and start', async () => {
    const story = await begin(drive('ide2'));
    for (const slot of ['scsi5', 'scsi6', 'ide0']) {
      expect(await change(story, drive(slot))).toEqual(['update']);
      const drives = Object.entries(configOf(story)).filter(([, text]) => /cloudinit/.test(text));
      expect(drives.map(([key]) => key)).toEqual([slot]);
      expect(await openLines(story)).toEqual([]);
    }
  });

  it('takes no slot that holds something else', async () => {
    const story = await begin(drive('ide2'));
    configure(story, {scsi7: 'local-lvm:1'});
    const before = configOf(story);
    expect(await change(story, drive('scsi7'))).toEqual([]);
    expect((await openLines(story)).join()).toMatch(/in-use: scsi7 already holds/);
    expect(configOf(story)).toEqual(before);
  });
});

describe('memory and balloon', () => {
  it.each(['running', 'stopped'])('grow and shrink together on a %s guest', async (power) => {
    const former = patched(NEO4J, {power, balloon: '1GiB'});
    const story = await begin(former);
    const steps: readonly Spec[] = [
      {memory: '8GiB', balloon: '6GiB'},
      {memory: '1GiB', balloon: '512MiB'},
      {memory: '256MiB', balloon: GONE},
    ];
    for (const step of steps) {
      const done = await change(story, patched(former, step));
      expect(new Set(done)).toEqual(new Set(['update']));
      expect(await openLines(story)).toEqual([]);
    }
    expect(configOf(story)['memory']).toBe('256');
    expect(configOf(story)['balloon']).toBeUndefined();
  });

  it('wait where the guest has a balloon of which Git does not speak', async () => {
    const story = await begin(RUNNING);
    configure(story, {balloon: 1024});
    const requests = story.requests.length;
    expect(await change(story, patched(RUNNING, {memory: '512MiB'}))).toEqual([]);
    expect((await openLines(story)).join()).toMatch(
      /waiting: balloon would be 1GiB and memory 512MiB, which Proxmox refuses; declare both/,
    );
    expect(story.requests.slice(requests).filter((line) => !line.startsWith('GET'))).toEqual([]);
  });
});

it('a weight that Proxmox lowers is no difference, and the guest starts', async () => {
  const story = await begin(patched(RUNNING, {cpu: {units: 20_000}}));
  expect(configOf(story)['cpuunits']).toBe('10000');
  expect(guestOf(story).runtime).toBeDefined();
});

it('a card that takes over the address of another comes after it went', async () => {
  const card = {model: 'virtio', bridge: 'vmbr0', mac: 'BC:24:11:00:00:07'};
  const story = await begin(patched(RUNNING, {networks: {net1: card}}));
  commit(story, manifest(patched(RUNNING, {networks: {net2: card}})));
  expect((await openLines(story))[0]).toMatch(/in-use: net1 has the address .* of net2/);
  expect(await settleAll(story)).toEqual(['update', 'update']);
  expect(configOf(story)).toMatchObject({net2: expect.stringContaining(card.mac)});
  expect(configOf(story)['net1']).toBeUndefined();
});

it.each<readonly [string, Spec, Spec]>([
  ['agent', {agent: {enabled: true, type: 'isa'}}, {agent: {enabled: GONE, type: 'isa'}}],
  ['agent', {agent: {enabled: true, type: 'isa'}}, {agent: {enabled: null, type: 'isa'}}],
  [
    'watchdog',
    {config: {watchdog: {model: 'i6300esb', action: 'reset'}}},
    {config: {watchdog: {model: GONE, action: 'reset'}}},
  ],
])('%s is not taken apart into what Proxmox refuses (%j, then %j)', async (key, first, then) => {
  const story = await begin(patched(NEO4J, {power: 'stopped', ...first}));
  const before = configOf(story)[key];
  expect(await change(story, patched(patched(NEO4J, {power: 'stopped'}), then))).toEqual([]);
  expect((await openLines(story)).join()).toMatch(
    new RegExp(`waiting: ${key} cannot be without .* declare both or neither`),
  );
  expect(configOf(story)[key]).toBe(before);
});

it('two disks that are swapped in the text do not grow', async () => {
  const [small, large] = ['4GiB', '5GiB'].map((size) => ({storage: 'local-lvm', size}));
  const of = (scsi1: Spec | undefined, scsi2: Spec | undefined) =>
    patched(RUNNING, {disks: {scsi1: scsi1 ?? {}, scsi2: scsi2 ?? {}}});
  const story = await begin(of(small, large));
  const before = configOf(story);
  expect(await change(story, of(large, small))).toEqual([]);
  expect((await openLines(story)).join()).toMatch(/shrink: .*scsi1 would get the size of scsi2/);
  expect(configOf(story)).toEqual(before);
});

it('a template whose disks are base volumes does not become a guest again', async () => {
  const marked = patched(NEO4J, {power: 'stopped', config: {template: true}});
  const story = await begin(marked);
  guestOf(story).config.set('scsi0', 'local-lvm:base-150-disk-0,discard=on,size=8G');
  expect(await change(story, patched(marked, {config: {template: GONE}}))).toEqual([]);
  expect((await openLines(story)).join()).toMatch(/in-use: local-lvm:base-150-disk-0 .*clone it/);
  expect(configOf(story)['template']).toBe('1');
});

describe('what a storage or a processor has against a guest is known before it is made', () => {
  const made = {
    vmid: 150,
    node: 'pve1',
    power: 'running',
    empty: {},
    cpu: {sockets: 1, cores: 2},
    memory: '1GiB',
    disks: {scsi0: {storage: 'local-lvm', size: '4GiB'}},
  };
  it.each<readonly [string, Spec, RegExp]>([
    ['a storage for images only', {disks: {scsi0: {storage: 'local'}}}, /in-use: .*no disks/],
    ['memory plugged without NUMA', {config: {hotplug: 'memory'}}, /not start once .* needs NUMA/],
    ['a balloon above the default', {memory: GONE, balloon: '1GiB'}, /waiting: balloon would be/],
    ['an agent without its switch', {agent: {type: 'isa'}}, /agent cannot be without enabled/],
  ])('%s', async (_title, patch, told) => {
    const files = {'vm.yaml': manifest(patched(made, patch)), 'house.yaml': DEFAULTS};
    const story = createStory(demoCluster(), {files});
    expect(await settleAll(story)).toEqual([]);
    expect((await openLines(story)).join()).toMatch(told);
    expect(story.simulator.guests.has(150)).toBe(false);
  });

  it('a disk is not moved to a storage that takes none', async () => {
    const disks = {scsi1: {storage: 'local-lvm', size: '4GiB'}};
    const story = await begin(patched(RUNNING, {disks}));
    expect(
      await change(story, patched(RUNNING, {disks: {scsi1: {storage: 'local', size: '4GiB'}}})),
    ).toEqual([]);
    expect((await openLines(story)).join()).toMatch(/in-use: storage local takes no disks/);
  });
});

it('power that leaves Git is let go of, and nobody is told to write what cannot be', async () => {
  const story = await begin(RUNNING);
  commit(story, manifest(patched(RUNNING, {power: 'ignore'})));
  const {report} = await story.plan();
  expect(report.plan?.diagnostics).toMatchObject([
    {code: 'plan-field-released', detail: expect.stringContaining('no value to go back to')},
  ]);
});

it('a guest that is to be cloned goes when its clone is made, not before', async () => {
  const source = patched(NEO4J, {vmid: 140, power: 'stopped'});
  const files = {'a.yaml': manifest(source, {name: 'source'}), 'house.yaml': DEFAULTS};
  const story = createStory(demoCluster(), {files});
  expect(await settleAll(story)).toEqual(['create']);
  story.files.delete('a.yaml');
  commit(story, manifest(patched(NEO4J, {clone: {vmid: 140, full: true}, power: 'stopped'})));
  expect((await openLines(story))[1]).toBe(
    'delete destructive:  [waiting: guest/150 is cloned from it first]',
  );
  expect(await settleAll(story)).toEqual(['create', 'delete']);
  expect([...story.simulator.guests.keys()]).toEqual([100, 150]);
});

it('a protected guest is replaced after the commit that takes protection off', async () => {
  const story = await begin(patched(NEO4J, {power: 'stopped', protection: true}));
  const uuid = configOf(story)['smbios1'];
  const ask = (protection: boolean) =>
    manifest(patched(NEO4J, {power: 'stopped', protection, cpu: {cores: 4}}), {
      annotations: {'pvegit/replace': 'once'},
    });
  commit(story, ask(true));
  expect(await settleAll(story)).toEqual([]);
  expect((await openLines(story)).join()).toMatch(/^replace .*protected: .* takes protection off/);
  commit(story, ask(false));
  expect(await openLines(story)).toEqual(['update destructive: protection']);
  expect(await settleAll(story)).toEqual(['update']);
  expect(configOf(story)['smbios1']).toBe(uuid);
  expect(await settleAll(story)).toEqual(['replace']);
  expect(configOf(story)['smbios1']).not.toBe(uuid);
  expect(await openLines(story)).toEqual([]);
});

async function begin(spec: Spec): Promise<Story> {
  const files = {'vm.yaml': manifest(spec), 'house.yaml': DEFAULTS};
  const story = createStory(demoCluster(), {files});
  expect(await settleAll(story)).toEqual(['create']);
  expect(await openLines(story)).toEqual([]);
  return story;
}

async function change(story: Story, spec: Spec): Promise<readonly string[]> {
  commit(story, manifest(spec));
  return settleAll(story);
}
