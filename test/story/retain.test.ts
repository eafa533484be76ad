// Why this exists: a disk that is to outlive its guest is given to another guest before anything is
// destroyed. Judged from the volumes and the log of the cluster.
import {describe, expect, it} from 'vitest';
import {type ClusterWish, demoCluster} from '../../src/simulator/build.ts';
import {armRequest, armTask} from '../../src/simulator/faults.ts';
import {byHand, configure} from './by-hand.ts';
import {
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
import {createStory, type Story, type StoryOptions} from './world.ts';

const GIB = 1024 ** 3;
const KEEPER: Spec = {
  vmid: 190,
  node: 'pve1',
  power: 'stopped',
  empty: {},
  memory: '512MiB',
  disks: {scsi0: {storage: 'local-lvm', size: '1GiB'}},
};
const DB: Spec = {
  vmid: 150,
  node: 'pve1',
  power: 'running',
  empty: {},
  memory: '1GiB',
  disks: {
    scsi0: {storage: 'local-lvm', size: '2GiB'},
    scsi1: {storage: 'local-lvm', size: '5GiB'},
    scsi2: {storage: 'local-lvm', size: '6GiB'},
  },
  retainDisks: {vmid: 190, disks: ['scsi1', 'scsi2']},
};

describe('17: a guest with disks to retain that leaves Git', () => {
  it('gives them away before it is destroyed, and they keep their data', async () => {
    const story = await leaving(DB);
    const {report} = await story.plan();
    const action = report.plan?.actions.find(({verb}) => verb === 'delete');
    expect(action?.facts['keeps']).toEqual([
      'scsi1 (local-lvm:vm-150-disk-1), given to guest 190',
      'scsi2 (local-lvm:vm-150-disk-2), given to guest 190',
    ]);
    expect(JSON.stringify(action?.facts['volumes'])).not.toMatch(/disk-[12]/);
    expect(await settleAll(story)).toEqual(['delete']);
    expect(story.simulator.guests.has(150)).toBe(false);
    expect(kept(story)).toEqual([5 * GIB, 6 * GIB]);
    expect(freed(story)).toEqual(['local-lvm:vm-150-disk-0']);
    expect(await quiet(story)).toEqual([]);
  });

  it('gives one away that was detached meanwhile', async () => {
    const story = await begin(DB);
    const disks = {scsi0: {storage: 'local-lvm', size: '2GiB'}};
    story.files.set('db.yaml', manifest({...DB, disks}));
    await settleAll(story);
    expect(configOf(story)['unused0']).toBe('local-lvm:vm-150-disk-1');
    story.files.delete('db.yaml');
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(false);
    expect(kept(story)).toEqual([5 * GIB, 6 * GIB]);
  });

  it('destroys nothing when giving fails half-way, and goes on from there', async () => {
    const story = await leaving(DB);
    armTask(
      story.simulator,
      {type: 'qmmove', id: '150-scsi2>190-unused97'},
      {kind: 'fails', text: 'rename failed', when: 'start'},
    );
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect(kept(story)).toEqual([5 * GIB]);
    await story.clock.sleep(3_600_000);
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(false);
    expect(kept(story)).toEqual([5 * GIB, 6 * GIB]);
    expect(freed(story)).toEqual(['local-lvm:vm-150-disk-0']);
  });

  it('is not destroyed when the taker is somebody else’s by the time it comes to it', async () => {
    let armed = false;
    const story: Story = await leaving(DB, {
      wrap: (exchange) => ({
        ...exchange,
        request: (request) => {
          if (armed && request.path.endsWith('/150/status/shutdown')) {
            guestOf(story, 190).config.set('smbios1', 'uuid=00000000-0000-4000-8000-000000000190');
          }
          return exchange.request(request);
        },
      }),
    });
    armed = true;
    expect((await settleAll(story)).join()).toMatch(/delete interrupted: guest\/190: its identity/);
    expect(story.simulator.guests.has(150)).toBe(true);
    expect(kept(story)).toEqual([]);
    expect(freed(story)).toEqual([]);
  });

  it.for<{title: string; spoil: (story: Story) => void; says: RegExp}>([
    {
      title: 'while the taker is not there',
      spoil: (story) => story.simulator.guests.delete(190),
      says: /waiting: guest\/190 does not exist yet/,
    },
    {
      title: 'while the taker is on another node',
      spoil: (story) => {
        guestOf(story, 190).node = 'pve2';
      },
      says: /guest 190, which keeps disks, is on pve2; move it to pve1 first/,
    },
    {
      title: 'while the taker is a template',
      spoil: (story) => guestOf(story, 190).config.set('template', '1'),
      says: /in-use: guest 190, which keeps disks, is a template/,
    },
    {
      title: 'while the taker is locked',
      spoil: (story) => guestOf(story, 190).config.set('lock', 'backup'),
      says: /locked: guest 190, which keeps disks, is locked \(backup\)/,
    },
    {
      title: 'while the taker is not ours',
      spoil: (story) => configure(story, {description: 'mine'}, 190),
      says: /not-ours: guest 190, which keeps disks, is not managed here/,
    },
    {
      title: 'while a snapshot needs its disks',
      spoil: (story) => byHand(story, 'POST', `${QEMU}/150/snapshot`, {snapname: 'before'}),
      says: /in-use: disks that are to be kept .*; delete before first/,
    },
    {
      title: 'while one of them is not there',
      spoil: (story) => configure(story, {delete: 'scsi2'}),
      says: /waiting: scsi2, which is to be kept, is not there/,
    },
  ])('waits, and nothing is stopped, $title', async ({spoil, says}) => {
    const story = await leaving(DB);
    spoil(story);
    await story.clock.sleep(60_000);
    await settleAll(story);
    expect((await reasons(story)).join('\n')).toMatch(says);
    expect(guestOf(story).runtime).toBeDefined();
    expect(freed(story)).toEqual([]);
  });

  it('is asked about the taker by the scope of its source', async () => {
    const scope = {
      vmids: [{from: 100, to: 189}],
      nodes: ['*'],
      storages: ['*'],
      bridges: ['*'],
      pools: ['*'],
      kinds: ['*'],
      devices: true,
    };
    const simulator = cluster();
    const files = {'db.yaml': manifest(DB), 'defaults.yaml': DEFAULTS};
    const story = createStory(simulator, {files, scope});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/out-of-scope: .*190/);
    expect(simulator.guests.has(150)).toBe(false);
  });
});

describe('a gift whose answer is lost', () => {
  const faults = ['cut-before', 'cut-after', 'no-answer', 'answer-lost'] as const;

  it.for(faults)('comes true once: %s', async (kind) => {
    const story = await leaving(DB);
    armRequest(story.simulator, {method: 'POST', path: /qemu\/150\/move_disk/}, {kind});
    await settleAll(story);
    await story.clock.sleep(60_000);
    await settleAll(story);
    expect(story.simulator.guests.has(150)).toBe(false);
    expect(kept(story)).toEqual([5 * GIB, 6 * GIB]);
    expect(freed(story)).toEqual(['local-lvm:vm-150-disk-0']);
    expect(await quiet(story)).toEqual([]);
  });
});

it('17: a guest that is replaced gives its disks to keep away first', async () => {
  const story = await begin(DB);
  const again = {annotations: {'pvegit/replace': 'new'}, name: 'db'};
  story.files.set('db.yaml', manifest(DB, again));
  await settleAll(story);
  expect(kept(story)).toEqual([5 * GIB, 6 * GIB]);
  expect(freed(story)).toEqual(['local-lvm:vm-150-disk-0']);
  expect(guestOf(story).runtime).toBeDefined();
  expect(volumesOf(story)).toHaveLength(3);
  expect(await quiet(story)).toEqual([]);
});

it('several guests that go at once give their disks to one', async () => {
  const story = await begin(DB);
  for (const vmid of [151, 152]) {
    story.files.set(`${vmid}.yaml`, manifest(patched(DB, {vmid}), {name: `db-${vmid}`}));
  }
  await settleAll(story);
  for (const name of ['db.yaml', '151.yaml', '152.yaml']) story.files.delete(name);
  await settleAll(story);
  await settleAll(story);
  await settleAll(story);
  expect([150, 151, 152].filter((vmid) => story.simulator.guests.has(vmid))).toEqual([]);
  expect(kept(story)).toEqual([5, 5, 5, 6, 6, 6].map((size) => size * GIB));
});

const QEMU = '/nodes/pve1/qemu';

/** Sizes of the volumes that guest 190 holds as unused, in order; each is named by it. */
function kept(story: Story): readonly number[] {
  const config = configOf(story, 190);
  const unused = Object.keys(config).filter((key) => key.startsWith('unused'));
  const volumes = [...story.simulator.volumes.values()];
  return unused
    .map((key) => volumes.find(({volid}) => volid === config[key]?.split(',')[0])?.sizeBytes ?? 0)
    .toSorted((a, b) => a - b);
}

function freed({simulator}: Story): readonly string[] {
  return simulator.effects.filter(({what}) => what === 'free').map(({detail}) => detail);
}

function cluster(): ReturnType<typeof demoCluster> {
  const storages: ClusterWish['storages'] & {} = {
    local: {content: ['iso', 'import'], options: {path: '/var/lib/vz'}},
    'local-lvm': {type: 'lvmthin', content: ['images', 'rootdir'], totalGiB: 400},
  };
  return demoCluster({nodes: ['pve1', 'pve2'], storages});
}

async function begin(spec: Spec, options: Partial<StoryOptions> = {}): Promise<Story> {
  const files = {
    'db.yaml': manifest(spec, {name: 'db'}),
    'keeper.yaml': manifest(KEEPER, {name: 'keeper'}),
    'defaults.yaml': DEFAULTS,
  };
  const story = createStory(cluster(), {files, ...options});
  await settleAll(story);
  expect(await quiet(story)).toEqual([]);
  return story;
}

async function leaving(spec: Spec, options: Partial<StoryOptions> = {}): Promise<Story> {
  const story = await begin(spec, options);
  story.files.delete('db.yaml');
  return story;
}

async function quiet(story: Story): Promise<readonly string[]> {
  await story.clock.sleep(30_000);
  return openLines(story);
}
