// Why this exists: adoption, protection, deletion, migration, several guests at once: what is done,
// and above all what is not.
import {describe, expect, it} from 'vitest';
import type {Json} from '../../src/core/json.ts';
import type {Desired} from '../../src/core/model.ts';
import type {ClusterWish} from '../../src/simulator/build.ts';
import {call, findingsOf, type Lab, lab, liveGuest, planNow, runPass, settle, wish} from './lab.ts';

type Spec = {readonly [key: string]: Json};

const UUID = '11111111-2222-4333-8444-555555555555';

/** A guest that somebody made by hand. */
const HAND_MADE: ClusterWish = {
  guests: {
    150: {
      running: true,
      config: {
        name: 'etoile',
        memory: '02048',
        cores: '2',
        description: 'Made by hand\n\n"quoted"',
        scsi0: 'local-lvm:vm-150-disk-0,size=8G',
        net0: 'virtio=BC:24:11:AA:BB:CC,bridge=vmbr0,firewall=1',
        tags: 'B;a',
        smbios1: `uuid=${UUID}`,
      },
      volumes: {'local-lvm:vm-150-disk-0': 2 ** 33},
    },
  },
};

const AS_IT_IS: Spec = {
  vmid: 150,
  name: 'etoile',
  memory: '2GiB',
  cpu: {cores: 2},
  disks: {scsi0: {storage: 'local-lvm', size: '8GiB'}},
  networks: {net0: {model: 'virtio', bridge: 'vmbr0', firewall: true}},
  tags: ['a', 'b'],
};

function adopting(spec: Spec, witness = UUID): Desired {
  const desired = wish(spec, 'etoile');
  return {...desired, directives: {...desired.directives, adopt: witness}};
}

const rawConfig = (world: Lab) => ({
  ...Object.fromEntries(world.cluster.guests.get(150)?.config ?? []),
});

describe('2: adoption', () => {
  it('writes the marker and nothing else, and leaves the guest running', () => {
    const world = lab(HAND_MADE);
    const before = rawConfig(world);
    const started = world.cluster.guests.get(150)?.runtime?.startedAtMs;
    world.desired = [adopting(AS_IT_IS)];
    settle(world);
    const after = rawConfig(world);
    expect(after['description']).toBe(
      `${before['description']}\n<!-- pvegit/v1 installation=home cluster=harness vmid=150 -->`,
    );
    expect({...after, description: ''}).toEqual({...before, description: ''});
    expect(world.cluster.guests.get(150)?.runtime?.startedAtMs).toBe(started);
    expect(world.sent).toHaveLength(1);
  });

  it('is held while anything differs', () => {
    const world = lab(HAND_MADE);
    world.desired = [adopting({...AS_IT_IS, memory: '4GiB'})];
    runPass(world);
    expect(findingsOf(planNow(world)).join()).toContain('adoption-differs');
    expect(world.sent).toEqual([]);
  });

  it('is of the guest whose witness is named, of no other', () => {
    const world = lab(HAND_MADE);
    world.desired = [adopting(AS_IT_IS, 'another-uuid')];
    runPass(world);
    expect(world.sent).toEqual([]);
  });

  it('is never done unasked', () => {
    const world = lab(HAND_MADE);
    world.desired = [wish(AS_IT_IS, 'etoile')];
    runPass(world);
    expect(world.sent).toEqual([]);
  });
});

const CLONE: Spec = {vmid: 150, node: 'pve1', power: 'running', clone: {vmid: 100, full: true}};

describe('protection and deletion', () => {
  it('deletes a guest whose manifest is gone, with its own volumes', () => {
    const world = lab();
    world.desired = [wish(CLONE)];
    settle(world);
    world.desired = [];
    const [action] = planNow(world).actions.filter(({verb}) => verb === 'delete');
    expect(action).toMatchObject({risk: 'destructive', facts: {power: 'running'}});
    settle(world);
    expect(world.cluster.guests.has(150)).toBe(false);
    expect([...world.cluster.volumes.values()].filter(({vmid}) => vmid === 150)).toEqual([]);
    expect(world.cluster.guests.has(100)).toBe(true);
    expect(world.records).toEqual([]);
  });

  it('refuses to delete a protected guest, and takes protection off only destructively', () => {
    const world = lab();
    world.desired = [wish({...CLONE, protection: true})];
    settle(world);
    world.desired = [];
    expect(findingsOf(planNow(world)).join()).toContain('protected');
    expect(runPass(world).done).toEqual([]);
    world.desired = [wish({...CLONE, protection: false})];
    const [action] = planNow(world).actions.filter(({verb}) => verb === 'update');
    expect(action?.risk).toBe('destructive');
  });
});

describe('the node of a guest', () => {
  const cluster: ClusterWish = {nodes: ['pve1', 'pve2']};

  it('13: that Git changes is a migration, online for a running guest', () => {
    const world = lab(cluster);
    world.desired = [wish(CLONE)];
    settle(world);
    world.desired = [wish({...CLONE, cloudInit: {drive: null}})];
    settle(world);
    world.desired = [wish({...CLONE, node: 'pve2', cloudInit: {drive: null}})];
    const started = world.cluster.guests.get(150)?.runtime?.startedAtMs;
    settle(world);
    expect(liveGuest(world, 150)).toMatchObject({node: 'pve2', power: 'running'});
    expect(world.cluster.guests.get(150)?.runtime?.startedAtMs).toBe(started);
    expect(world.sent.at(-1)?.path).toBe('/nodes/pve1/qemu/150/migrate');
  });

  it('13: that somebody else changed is information, never drift', () => {
    const world = lab(cluster);
    world.desired = [wish({...CLONE, power: 'stopped'})];
    settle(world);
    call(world, 'POST', '/nodes/pve1/qemu/150/migrate', {target: 'pve2'});
    const calls = world.sent.length;
    for (let second = 0; second < 60; second += 1) runPass(world);
    expect(world.sent).toHaveLength(calls);
  });
});

describe('drift', () => {
  it('3: of a cold key that still waits for a start is only reverted', () => {
    const world = lab();
    world.desired = [wish({...CLONE, cpu: {cores: 2, limit: 2}})];
    settle(world);
    call(world, 'PUT', '/nodes/pve1/qemu/150/config', {cores: 4, cpulimit: 1});
    const [action] = planNow(world).actions.filter(({verb}) => verb === 'update');
    expect(action).toMatchObject({risk: 'benign', cause: 'drift'});
    settle(world);
    expect(world.sent.at(-1)?.params).toMatchObject({cpulimit: '2', revert: 'cores'});
    expect(liveGuest(world, 150).active).toEqual({});
  });

  it('3: of a cold key that is in force is a disruptive stop and start', () => {
    const world = lab();
    world.desired = [wish({...CLONE, cpu: {cores: 2}})];
    settle(world);
    call(world, 'PUT', '/nodes/pve1/qemu/150/config', {cores: 4});
    world.cluster.guests.get(150)?.pending.clear();
    world.cluster.guests.get(150)?.config.set('cores', '4');
    const [action] = planNow(world).actions.filter(({verb}) => verb === 'update');
    expect(action).toMatchObject({risk: 'disruptive', cause: 'drift', facts: {power: 'running'}});
    settle(world);
    expect(liveGuest(world, 150).body['cpu.cores']).toBe(2);
  });

  it('6: of a VLAN keeps the MAC when it is put right', () => {
    const world = lab();
    world.desired = [wish({...CLONE, networks: {net0: {bridge: 'vmbr1', tag: 70}}})];
    settle(world);
    const mac = liveGuest(world, 150).body['networks.net0.mac'];
    const net0 = `virtio=${mac},bridge=vmbr0,rate=5`;
    call(world, 'PUT', '/nodes/pve1/qemu/150/config', {net0});
    settle(world);
    expect(world.cluster.guests.get(150)?.config.get('net0')).toContain(
      `virtio=${mac},bridge=vmbr1,rate=5,tag=70`,
    );
  });
});

describe('21: a VMID that somebody else took', () => {
  it('is never written to', () => {
    const world = lab(HAND_MADE);
    world.desired = [wish(CLONE)];
    runPass(world);
    expect(world.sent).toEqual([]);
  });
});

describe('several guests from one template', () => {
  it('each become what they are asked to be', () => {
    const world = lab();
    const set = [200, 201, 202].map((vmid) =>
      wish({...CLONE, vmid, name: `dev-${vmid}`}, `dev-${vmid}`),
    );
    world.desired = set;
    settle(world);
    const macs = set.map(({key}) => {
      const live = liveGuest(world, Number(key.slice(6)));
      expect(live).toMatchObject({power: 'running', ownership: {kind: 'ours'}});
      return live.body['networks.net0.mac'];
    });
    expect(new Set(macs).size).toBe(3);
  });
});
