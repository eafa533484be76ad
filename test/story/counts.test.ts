// Why this exists: what a pass costs is counted, not timed: calls and bytes by the number of
// guests, files parsed by the number of files that changed.
import {describe, expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {createStory, type Story} from './world.ts';

const NODES = ['pve1', 'pve2', 'pve3'];
const GUESTS = 60;
const VMIDS = Array.from({length: GUESTS}, (_, index) => 1000 + index);
/** The version, the nodes' clocks, the listing and the cluster's health. */
const FIRST = 1 + NODES.length + 2;
/** The listing and the cluster's health. */
const LATER = 2;

interface Counted {
  readonly story: Story;
  readonly bytes: {received: number};
}

function fleet(): Counted {
  const bytes = {received: 0};
  const cluster = demoCluster({
    nodes: NODES,
    guests: Object.fromEntries(
      VMIDS.map((vmid) => [vmid, {node: nodeOf(vmid), config: live(vmid)}]),
    ),
  });
  const files = Object.fromEntries(VMIDS.map((vmid) => [`${vmid}.yaml`, manifest(vmid)]));
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      const answer = await exchange.request(request);
      if (answer.ok) bytes.received += answer.value.body.length;
      return answer;
    },
  });
  return {story: createStory(cluster, {files, wrap}), bytes};
}

function nodeOf(vmid: number): string {
  return NODES[vmid % NODES.length] ?? '';
}

function live(vmid: number): {readonly [key: string]: string} {
  return {
    name: `guest-${vmid}`,
    cores: '2',
    memory: '2048',
    description: `<!-- pvegit/v1 installation=home cluster=harness vmid=${vmid} -->`,
    smbios1: `uuid=00000000-0000-4000-8000-${String(vmid).padStart(12, '0')}`,
    net0: `virtio=BC:24:11:00:00:${(vmid % 100).toString().padStart(2, '0')},bridge=vmbr0`,
  };
}

function manifest(vmid: number, cores = 2): string {
  return `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: guest-${vmid}}
spec:
  vmid: ${vmid}
  node: ${nodeOf(vmid)}
  cpu: {cores: ${cores}}
  memory: 2GiB
  networks:
    net0: {model: virtio, bridge: vmbr0}
`;
}

/** Calls of what is done. */
async function callsOf({story}: Counted, work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = story.requests.length;
  await work();
  return story.requests.slice(before);
}

describe('a pass over guests that are in sync', () => {
  it('asks for the listing and once per guest; at first also for what holds long', async () => {
    const counted = fleet();
    const first = await callsOf(counted, () => counted.story.settle());
    expect(first.length).toBe(GUESTS + FIRST);
    const second = await callsOf(counted, () => counted.story.settle());
    expect(second.length).toBe(GUESTS + LATER);
    expect(new Set(second).size).toBe(second.length);
    expect(second.every((call) => call.startsWith('GET '))).toBe(true);
  });

  it('receives less than 2 KiB for each guest', async () => {
    const {story, bytes} = fleet();
    const {report} = await story.settle();
    expect(report.resources.every(({state}) => state === 'in_sync')).toBe(true);
    expect(bytes.received).toBeLessThan(GUESTS * 2048);
    expect(bytes.received).toBeGreaterThan(GUESTS * 200);
  });
});

describe('files', () => {
  const cacheOf = ({story}: Counted) => {
    const cache = story.memory.followed.get('infra')?.cache;
    if (cache === undefined) throw new Error('no source is followed');
    return cache;
  };

  it('are parsed once each, and not again while the commit is the same', async () => {
    const counted = fleet();
    await counted.story.settle();
    const followed = counted.story.memory.followed.get('infra');
    const before = followed?.manifests;
    expect(cacheOf(counted).parsed).toBe(GUESTS);
    await counted.story.settle();
    expect(cacheOf(counted).parsed).toBe(GUESTS);
    expect(cacheOf(counted).reused).toBe(0);
    expect(followed?.manifests).toBe(before);
  });

  it('that a commit left alone are neither parsed nor understood again', async () => {
    const counted = fleet();
    const {story} = counted;
    await story.settle();
    const before = new Map(wishes(story).map((one) => [one.key, one]));
    story.files.set('1007.yaml', manifest(1007, 4));
    await story.plan();
    expect(cacheOf(counted).parsed).toBe(GUESTS + 1);
    const after = wishes(story).filter((one) => before.get(one.key) !== one);
    expect(after.map(({key}) => key)).toEqual(['guest/1007']);
  });
});

function wishes(story: Story) {
  return story.memory.followed.get('infra')?.manifests?.desired ?? [];
}
