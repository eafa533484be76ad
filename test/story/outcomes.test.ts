// Why this exists: a call whose answer is lost may have been carried out. For every kind of call
// and every way to lose it the story ends as if nothing had happened, and nothing was done twice;
// judged by the simulator's own log of effects.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {armRequest, type RequestFault} from '../../src/simulator/faults.ts';
import {configOf, DEFAULTS, manifest, NEO4J, open, patched, pendingOf, type Spec} from './guest.ts';
import {failing, halfWay} from './half-way.ts';
import {createStory, type Story, type StoryOptions} from './world.ts';

const STOPPED = patched(NEO4J, {power: 'stopped'});
const RUNNING = patched(NEO4J, {power: 'running'});
const EMPTY: Spec = {
  vmid: 150,
  node: 'pve1',
  power: 'stopped',
  empty: {},
  memory: '1GiB',
  disks: {scsi0: {storage: 'local-lvm', size: '8GiB'}},
  networks: {net0: {model: 'virtio', bridge: 'vmbr0'}},
};
const DISKS: Spec = {scsi0: {storage: 'local-lvm', size: '8GiB', discard: true}};

/** One kind of call: what was there, what is wanted (null: nothing), and which request is hit. */
interface Row {
  readonly row: string;
  readonly former: Spec | null;
  readonly wanted: Spec | null;
  readonly method: string;
  readonly path: RegExp;
}

const ROWS: readonly Row[] = [
  {row: 'clone', former: null, wanted: STOPPED, method: 'POST', path: /qemu\/100\/clone/},
  {row: 'create', former: null, wanted: EMPTY, method: 'POST', path: /nodes\/pve1\/qemu$/},
  {
    row: 'config',
    former: STOPPED,
    wanted: patched(STOPPED, {cpu: {cores: 4}, tags: ['a']}),
    method: 'PUT',
    path: /qemu\/150\/config/,
  },
  {
    row: 'allocate',
    former: STOPPED,
    wanted: {...STOPPED, disks: {...DISKS, scsi1: {storage: 'local-lvm', size: '4GiB'}}},
    method: 'POST',
    path: /qemu\/150\/config/,
  },
  {
    row: 'resize',
    former: STOPPED,
    wanted: patched(STOPPED, {disks: {scsi0: {size: '9GiB'}}}),
    method: 'PUT',
    path: /qemu\/150\/resize/,
  },
  {row: 'start', former: STOPPED, wanted: RUNNING, method: 'POST', path: /status\/start/},
  {row: 'shutdown', former: RUNNING, wanted: STOPPED, method: 'POST', path: /status\/shutdown/},
  {row: 'destroy', former: STOPPED, wanted: null, method: 'DELETE', path: /qemu\/150/},
  {
    row: 'migrate',
    former: STOPPED,
    wanted: patched(STOPPED, {node: 'pve2'}),
    method: 'POST',
    path: /qemu\/150\/migrate/,
  },
  {
    row: 'move a disk',
    former: STOPPED,
    wanted: patched(STOPPED, {disks: {scsi0: {storage: 'fast'}}}),
    method: 'POST',
    path: /qemu\/150\/move_disk/,
  },
  {
    row: 'cloud-init',
    former: patched(STOPPED, {cloudInit: {user: 'one'}}),
    wanted: patched(STOPPED, {cloudInit: {user: 'two'}}),
    method: 'PUT',
    path: /qemu\/150\/cloudinit/,
  },
  {
    row: 'pool',
    former: STOPPED,
    wanted: patched(STOPPED, {pool: 'blue'}),
    method: 'PUT',
    path: /pools/,
  },
];

const FAULTS: readonly RequestFault[] = [
  {kind: 'cut-before'},
  {kind: 'cut-after'},
  {kind: 'no-answer'},
  {kind: 'answer-lost'},
];

const CASES = ROWS.flatMap((one) => FAULTS.map((given) => ({...one, given, fault: given.kind})));

describe('a call whose outcome is unknown', () => {
  it.each(CASES)('$row: $fault', async ({former, wanted, method, path, given}) => {
    const smooth = await tell(former);
    const expected = await work(smooth, wanted);
    const rough = await tell(former);
    armRequest(rough.simulator, {method, path}, given);
    const done = await work(rough, wanted);
    expect(rough.simulator.faults.requests.filter(({times}) => times > 0)).toEqual([]);
    expect(done).toEqual(expected);
    expect((await open(rough)).map(({verb}) => verb)).toEqual([]);
    if (wanted !== null) expect(stateOf(rough)).toEqual(stateOf(smooth));
  });
});

describe('what is left behind', () => {
  it('a configuration write that fails half way leaves nothing pending behind', async () => {
    const story = await tell(STOPPED, {wrap: halfWay});
    const before = configOf(story);
    const wrong = {
      boot: {order: ['net0']},
      config: {acpi: false, tablet: false, keyboard: 'de'},
    };
    story.files.set('vm.yaml', manifest(failing(patched(STOPPED, wrong))));
    await story.settle();
    expect(story.outcomes.at(-1)).toMatchObject({result: 'failed'});
    expect(story.outcomes.at(-1)?.because).toMatch(/reverted what it left pending: \w/);
    expect(pendingOf(story)).toEqual({});
    expect(configOf(story)).toEqual(before);
  });
});

async function tell(former: Spec | null, options: Partial<StoryOptions> = {}): Promise<Story> {
  const simulator = demoCluster({
    nodes: ['pve1', 'pve2'],
    pools: ['blue'],
    storages: {
      'local-lvm': {type: 'lvmthin', content: ['images'], totalGiB: 400},
      fast: {type: 'lvmthin', content: ['images'], totalGiB: 400},
    },
  });
  const text = former === null ? {} : {'vm.yaml': manifest(former)};
  const story = createStory(simulator, {files: {'house.yaml': DEFAULTS, ...text}, ...options});
  await converge(story);
  return story;
}

/** Brings about what is wanted; what that did, by effect and number. */
async function work(
  story: Story,
  wanted: Spec | null,
): Promise<{readonly [effect: string]: number}> {
  const {effects} = story.simulator;
  const from = effects.length;
  if (wanted === null) story.files.delete('vm.yaml');
  else story.files.set('vm.yaml', manifest(wanted));
  await converge(story);
  const counts: {[effect: string]: number} = {};
  for (const {what, vmid, detail} of effects.slice(from)) {
    // Written again with the same value, these change nothing.
    if (what === 'config' || what === 'cloud-init' || what === 'pool') continue;
    const name = `${what} ${vmid} ${detail}`;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

async function converge(story: Story): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    await story.settle();
    await story.approveAll();
    if ((await open(story)).length === 0) return;
    await story.clock.sleep(30 * 60_000);
  }
}

/** The configuration without what is random. */
function stateOf(story: Story): {readonly [key: string]: string | undefined} {
  const {net0: _net, smbios1: _uuid, vmgenid: _generation, meta: _meta, ...rest} = configOf(story);
  const guest = story.simulator.guests.get(150);
  const runs = guest?.kind === 'qemu' && guest.runtime !== undefined;
  return {...rest, node: guest?.node, power: runs ? 'running' : 'stopped'};
}
