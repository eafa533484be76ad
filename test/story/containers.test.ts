// Why this exists: containers share VMIDs, volumes and the list with virtual machines, and are not
// managed yet: whatever a container looks like, it is never written to, and its VMID is never free.
import {describe, expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {err} from '../../src/core/result.ts';
import {demoCluster} from '../../src/simulator/build.ts';
import {advance} from '../../src/simulator/clock.ts';
import type {Cluster} from '../../src/simulator/state.ts';
import {publishNow} from '../../src/simulator/statistics.ts';
import {byHand} from './by-hand.ts';
import {commit, DEFAULTS, manifest, NEO4J, patched, reasons, settleAll} from './guest.ts';
import {createStory, EVERYTHING, type Story} from './world.ts';

const gib = 1024 ** 3;
const MARKER = '<!-- pvegit/v1 installation=home cluster=harness vmid=150 -->';
const STOPPED = patched(NEO4J, {power: 'stopped'});

/** The demo's cluster with container 150, whose description ends in our marker when wished. */
function withContainer(description = ''): Cluster {
  return demoCluster({containers: {150: containerWish(description)}});
}

function containerWish(description: string) {
  const config = {
    arch: 'amd64',
    hostname: 'squatter',
    memory: '512',
    net0: 'name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:01:50,type=veth',
    ostype: 'debian',
    rootfs: 'local-lvm:vm-150-disk-0,size=4G',
    unprivileged: '1',
    ...(description === '' ? {} : {description}),
  };
  return {config, running: true, volumes: {'local-lvm:vm-150-disk-0': 4 * gib}};
}

/** Container 150 with our marker, as a careful copyist would make it. */
function squat(cluster: Cluster): void {
  const guest = withContainer(`${MARKER}\n`).guests.get(150);
  if (guest !== undefined) cluster.guests.set(150, guest);
  publishNow(cluster);
}

/** Everything that a container is, to compare with later. */
function stateOf({guests}: Cluster, vmid = 150): string {
  const guest = guests.get(vmid);
  if (guest?.kind !== 'lxc') throw new Error(`there is no container ${vmid}`);
  const {config, pending, node, runtime} = guest;
  return JSON.stringify([[...config], [...pending], node, runtime]);
}

/** What was really changed of that VMID. */
function effectsOn(story: Story, vmid = 150): readonly string[] {
  return story.simulator.effects
    .filter((effect) => effect.vmid === vmid && effect.user.startsWith('pvegit@pve'))
    .map(({what, detail}) => `${what} ${detail}`);
}

/** Requests of the controller that could change a guest. */
function writes(story: Story): readonly string[] {
  return story.requests.filter((line) => !line.startsWith('GET '));
}

describe('a container under the VMID of a manifest', () => {
  it.each([
    ['without a marker', ''],
    ['with our marker', `${MARKER}\n`],
    ['with our marker after a text', `a note\n${MARKER}\n`],
  ])('%s is refused as taken and left as it is', async (_, description) => {
    const story = createStory(withContainer(description), {
      files: {'vm.yaml': manifest(STOPPED), 'defaults.yaml': DEFAULTS},
    });
    const before = stateOf(story.simulator);
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/vmid-taken: .*container/);
    expect(stateOf(story.simulator)).toBe(before);
    expect(effectsOn(story)).toEqual([]);
    expect(writes(story)).toEqual([]);
  });

  it('is not adopted by the MAC that import would name for a container', async () => {
    const annotations = {'pvegit/adopt': 'BC:24:11:00:01:50'};
    const story = createStory(withContainer(), {
      files: {'vm.yaml': manifest(STOPPED, {annotations})},
    });
    const before = stateOf(story.simulator);
    await settleAll(story);
    expect(stateOf(story.simulator)).toBe(before);
    expect(writes(story)).toEqual([]);
  });

  it('that the token may not see keeps its VMID from being called free', async () => {
    const cluster = withContainer();
    cluster.access.acl.push({
      path: '/vms/150',
      kind: 'token',
      subject: 'pvegit@pve!controller',
      role: 'NoAccess',
      propagate: true,
    });
    const story = createStory(cluster, {files: {'vm.yaml': manifest(STOPPED)}});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/VMID 150 is taken, but the token may not see/);
    expect(writes(story)).toEqual([]);
  });

  it('makes room for the virtual machine when it is destroyed', async () => {
    const story = createStory(withContainer(), {files: {'vm.yaml': manifest(STOPPED)}});
    await settleAll(story);
    byHand(story, 'DELETE', '/nodes/pve1/lxc/150', {force: 1});
    advance(story.simulator, story.simulator.nowMs + 20_000);
    await settleAll(story);
    expect(story.simulator.guests.get(150)?.kind).toBe('qemu');
    expect(await reasons(story)).toEqual([]);
  });
});

describe('a container that is faster', () => {
  /** Somebody creates container 150 right before our call of that method and path leaves. */
  function raced(path: RegExp, after: boolean): Story {
    const cluster = demoCluster();
    let isFirst = true;
    const race = (exchange: Exchange): Exchange => ({
      ...exchange,
      request: async (request) => {
        if (!isFirst || request.method !== 'POST' || !path.test(request.path)) {
          return exchange.request(request);
        }
        isFirst = false;
        squat(cluster);
        const answer = await exchange.request(request);
        return after ? err({kind: 'cut', sent: 'maybe', message: 'cut'}) : answer;
      },
    });
    return createStory(cluster, {files: {'vm.yaml': manifest(STOPPED)}, wrap: race});
  }

  it.each([
    ['and the clone is refused', false],
    ['and the answer is lost', true],
  ])('keeps the VMID %s', async (_, after) => {
    const story = raced(/\/qemu\/100\/clone$/, after);
    await settleAll(story);
    expect(story.simulator.guests.get(150)?.kind).toBe('lxc');
    expect(effectsOn(story)).toEqual([]);
    expect((await reasons(story)).join()).toMatch(/vmid-taken/);
    expect(writes(story)).toEqual(['POST /api2/json/nodes/pve1/qemu/100/clone']);
  });
});

describe('a container that nobody declares', () => {
  it('is shown as unmanaged or not at all, and no plan names it, marker or not', async () => {
    const story = createStory(withContainer(`${MARKER}\n`), {files: {'defaults.yaml': DEFAULTS}});
    const before = stateOf(story.simulator);
    const {report} = await story.plan();
    expect(report.plan?.actions).toEqual([]);
    await settleAll(story);
    expect(stateOf(story.simulator)).toBe(before);
    expect(writes(story)).toEqual([]);
  });

  it.each(['local-lvm:vm-200-disk-0', 'zfs:subvol-200-disk-0', 'local:200/vm-200-disk-0.raw'])(
    'keeps its volume %s when a manifest names it',
    async (file) => {
      const cluster = demoCluster({containers: {200: containerWish('')}});
      const before = stateOf(cluster, 200);
      const thief = patched(STOPPED, {disks: {scsi1: {file}}});
      const story = createStory(cluster, {files: {'vm.yaml': manifest(thief)}});
      await settleAll(story);
      const {manifests} = await story.plan();
      const codes = manifests.flatMap(({diagnostics}) => diagnostics.map(({code}) => code));
      expect(codes).toEqual(['vm-foreign-volume']);
      expect(stateOf(cluster, 200)).toBe(before);
      expect(cluster.guests.has(150)).toBe(false);
    },
  );

  it('is not reached by a manifest outside of the scope either', async () => {
    const scope = {...EVERYTHING, vmids: [{from: 100, to: 149}]};
    const files = {'vm.yaml': manifest(STOPPED)};
    const story = createStory(withContainer(), {files, scope});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/vmid-taken: VMID 150 is a container/);
    expect(writes(story)).toEqual([]);
  });

  it('is not what a machine is cloned from', async () => {
    const cluster = demoCluster({containers: {200: containerWish('')}});
    const copy = patched(STOPPED, {clone: {vmid: 200, full: true}});
    const story = createStory(cluster, {files: {'vm.yaml': manifest(copy)}});
    await settleAll(story);
    expect((await reasons(story)).join()).toMatch(/200/);
    expect(writes(story)).toEqual([]);
  });
});

describe('a container that takes the place of a guest of ours', () => {
  /** Our guest 150 is there and recorded; then somebody replaces it by a container. */
  async function replaced(): Promise<Story> {
    const story = createStory(demoCluster(), {
      files: {'vm.yaml': manifest(STOPPED), 'defaults.yaml': DEFAULTS},
    });
    await settleAll(story);
    expect(story.simulator.guests.get(150)?.kind).toBe('qemu');
    byHand(story, 'DELETE', '/nodes/pve1/qemu/150');
    advance(story.simulator, story.simulator.nowMs + 20_000);
    expect(story.simulator.guests.has(150)).toBe(false);
    squat(story.simulator);
    story.requests.length = 0;
    return story;
  }

  it('is not written to while the manifest stays', async () => {
    const story = await replaced();
    const before = stateOf(story.simulator);
    commit(story, manifest(patched(STOPPED, {memory: '4GiB'})));
    await settleAll(story);
    expect(stateOf(story.simulator)).toBe(before);
    expect(writes(story)).toEqual([]);
  });

  it('is not deleted when the manifest goes, whatever was approved', async () => {
    const story = await replaced();
    const before = stateOf(story.simulator);
    story.files.delete('vm.yaml');
    await settleAll(story);
    expect(stateOf(story.simulator)).toBe(before);
    expect(writes(story)).toEqual([]);
  });

  it('between plan and call is not hit by the approved deletion', async () => {
    let armed = false;
    const cluster = demoCluster();
    const swap = (exchange: Exchange): Exchange => ({
      ...exchange,
      request: (request) => {
        if (armed && request.method === 'GET' && /\/qemu\/150\/pending/.test(request.path)) {
          armed = false;
          squat(cluster);
        }
        return exchange.request(request);
      },
    });
    const story = createStory(cluster, {
      files: {'vm.yaml': manifest(STOPPED), 'defaults.yaml': DEFAULTS},
      wrap: swap,
    });
    await settleAll(story);
    story.files.delete('vm.yaml');
    await story.plan();
    armed = true;
    await story.approveAll();
    expect(story.simulator.guests.get(150)?.kind).toBe('lxc');
  });
});
