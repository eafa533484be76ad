// Why this exists: what a guest lacks on the node that it shall move to is found in the plan, and
// not by a task that fails half-way.
import {describe, expect, it} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {
  commit,
  guestOf,
  manifest,
  NEO4J,
  openLines,
  patched,
  reasons,
  type Spec,
  settleAll,
} from './guest.ts';
import {createStory, type Story} from './world.ts';

const STORAGES = {
  local: {content: ['iso', 'snippets', 'import'], options: {path: '/var/lib/vz'}},
  'local-lvm': {type: 'rbd', content: ['images'], shared: true, totalGiB: 400},
  isos: {type: 'nfs', content: ['iso'], shared: true, nodes: ['pve1']},
};

describe('a running guest is not moved', () => {
  const RUNNING: Spec = {power: 'running'};

  it('to a node without its bridge', async () => {
    const story = await begin(RUNNING, ({nodes}) => nodes.get('pve2')?.bridges.delete('vmbr0'));
    expect(await whyNot(story, RUNNING)).toMatch(/in-use: pve2 has no bridge vmbr0 \(net0\)/);
  });

  it('to a node with fewer CPUs than it has', async () => {
    const story = await begin(RUNNING, ({nodes}) => {
      const node = nodes.get('pve2');
      if (node !== undefined) nodes.set('pve2', {...node, cpus: 1});
    });
    expect(await whyNot(story, RUNNING)).toMatch(/in-use: it has 2 CPUs .*, and pve2 has 1/);
  });

  it('with a mapped device that does not go along alive', async () => {
    const story = await begin(RUNNING, (cluster) => map(cluster, ['pve1', 'pve2']));
    guestOf(story).config.set('usb0', 'mapping=thing');
    expect(await whyNot(story, RUNNING)).toMatch(/in-use: a guest that runs with usb0 cannot/);
  });

  it('while another of its nodes takes it: the bridge is there', async () => {
    const story = await begin(RUNNING, ({nodes}) => nodes.get('pve3')?.bridges.delete('vmbr0'));
    commit(story, manifest(patched(NEO4J, {...RUNNING, node: 'pve2'})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(guestOf(story).node).toBe('pve2');
  });
});

describe('a guest, running or not, is not moved', () => {
  it.for(['running', 'stopped'])('%s, to a node that its mapping does not name', async (power) => {
    const story = await begin({power}, (cluster) => map(cluster, ['pve1']));
    guestOf(story).config.set('usb0', 'mapping=thing');
    expect(await whyNot(story, {power})).toMatch(
      /in-use: pve2 has no device for usb0, which is a mapped one/,
    );
  });

  it.for(['running', 'stopped'])('%s, away from the storage of its CD', async (power) => {
    const story = await begin({power});
    guestOf(story).config.set('ide0', 'isos:iso/one.iso,media=cdrom,size=4M');
    expect(await whyNot(story, {power})).toMatch(/in-use: .*pve2 has no storage isos, where/);
  });

  it('but is where its mapping names the node', async () => {
    const story = await begin({power: 'stopped'}, (cluster) => map(cluster, ['pve1', 'pve2']));
    guestOf(story).config.set('hostpci0', 'mapping=thing');
    commit(story, manifest(patched(NEO4J, {power: 'stopped', node: 'pve2'})));
    expect(await settleAll(story)).toEqual(['update']);
    expect(guestOf(story).node).toBe('pve2');
  });
});

describe('a move with a stop and start', () => {
  it('is held for what the other node lacks', async () => {
    const story = await begin({power: 'running'}, ({nodes}) =>
      nodes.get('pve2')?.bridges.delete('vmbr0'),
    );
    const why = await whyNot(story, {power: 'running', cpu: {cores: 4}});
    expect(why).toMatch(/pve2 has no bridge vmbr0/);
    expect(guestOf(story).runtime).toBeDefined();
  });
});

async function whyNot(story: Story, changes: Spec): Promise<string> {
  commit(story, manifest(patched(NEO4J, {...changes, node: 'pve2'})));
  await settleAll(story);
  expect(guestOf(story).node).toBe('pve1');
  const tasks = [...story.simulator.tasks.values()].filter(({type}) => /migrate/.test(type));
  expect(tasks).toEqual([]);
  return (await reasons(story)).join();
}

async function begin(
  changes: Spec,
  prepare: (cluster: Cluster) => unknown = () => undefined,
): Promise<Story> {
  const cluster = demoCluster({nodes: ['pve1', 'pve2', 'pve3'], storages: STORAGES});
  prepare(cluster);
  const story = createStory(cluster, {files: {'vm.yaml': manifest(patched(NEO4J, changes))}});
  await settleAll(story);
  await story.clock.sleep(30_000);
  expect(await openLines(story)).toEqual([]);
  return story;
}

function map({sections}: Cluster, nodes: readonly string[]): void {
  const entries = (rest: string) => nodes.map((node) => `node=${node},${rest}`);
  const mapping = (rest: string) => new Map([['map', JSON.stringify(entries(rest))]]);
  sections.set('mapping-usb', new Map([['thing', mapping('id=1234:5678')]]));
  sections.set('mapping-pci', new Map([['thing', mapping('path=0000:01:00.0,id=1:2')]]));
}
