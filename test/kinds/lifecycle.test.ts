// Why this exists: the whole life of a guest against the simulator: what was asked for is there,
// the next plan is empty, and nothing else was touched.
import {describe, expect, it} from 'vitest';
import {lab, liveGuest, settle, wish} from './lab.ts';

const SPEC = {
  vmid: 150,
  node: 'pve1',
  power: 'running',
  clone: {vmid: 100, full: true},
  cpu: {cores: 2, type: 'x86-64-v2-AES'},
  memory: '4GiB',
  disks: {
    scsi0: {storage: 'local-lvm', size: '32GiB', discard: true, ssd: true, iothread: true},
    scsi1: {storage: 'local-lvm', size: '8GiB'},
  },
  networks: {net0: {model: 'virtio', bridge: 'vmbr1', tag: 70, firewall: true}},
  cloudInit: {
    user: 'dmg',
    sshKeys: [
      'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0ZkY7x1q0qQzq3p9lT5c0o8n2n7rXvQe4xO0f6kJ2b dmg',
    ],
    ipConfig: {net0: {ip: '10.0.70.50/24', gw: '10.0.70.1'}},
    password: {secretRef: {name: 'harness', key: 'neo4j-password'}},
  },
  tags: ['database'],
  protection: true,
};

describe('a guest that is asked for', () => {
  it('is cloned, configured, grown and started, and then nothing is left to do', () => {
    const world = lab();
    world.desired = [wish(SPEC)];
    const reports = settle(world);
    const live = liveGuest(world, 150);
    for (const [path, value] of Object.entries(world.desired[0]?.body ?? {})) {
      if (path !== 'cloudInit.password') expect(live.body[path], path).toEqual(value);
    }
    expect(live.ownership).toEqual({kind: 'ours'});
    expect(reports.map(({done}) => done.map(({verb}) => verb))).toEqual([
      ['create'],
      ['update'],
      [],
    ]);
  });
});
