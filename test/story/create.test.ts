// Why this exists: the shortest whole story: a commit becomes a running guest, and then nothing is
// left.
import {expect, test} from 'vitest';
import {demoCluster} from '../../src/simulator/build.ts';
import {createStory} from './world.ts';

const NEO4J = `apiVersion: pvegit/v1
kind: VirtualMachine
metadata: {name: neo4j-db}
spec:
  vmid: 150
  node: pve1
  power: running
  clone: {vmid: 100, full: true}
  cpu: {cores: 2, type: x86-64-v2-AES}
  memory: 4GiB
  disks:
    scsi0: {storage: local-lvm, size: 32GiB, discard: true, ssd: true, iothread: true}
  networks:
    net0: {model: virtio, bridge: vmbr1, tag: 70, firewall: true}
  cloudInit:
    user: dmg
    ipConfig: {net0: {ip: 10.0.70.50/24, gw: 10.0.70.1}}
  tags: [database]
`;

test('a commit becomes a running guest, and the next plan is empty', async () => {
  const story = createStory(demoCluster(), {files: {'neo4j-db.yaml': NEO4J}});
  await story.settle();
  const guest = story.simulator.guests.get(150);
  expect(story.outcomes.map(({verb, result}) => [verb, result])).toEqual([
    ['create', 'done'],
    ['update', 'done'],
  ]);
  expect(Object.fromEntries(guest?.config ?? [])).toMatchObject({
    name: 'neo4j-db',
    cores: '2',
    memory: '4096',
    scsi0: 'local-lvm:vm-150-disk-0,discard=on,iothread=1,size=32G,ssd=1',
    ciuser: 'dmg',
    tags: 'database',
  });
  expect(guest?.runtime).toBeDefined();
  const {report} = await story.plan();
  expect(report.plan?.actions.map(({verb}) => verb)).toEqual(['none']);
});

test('in sync, a pass reads the listing, the cluster and one answer per guest', async () => {
  const story = createStory(demoCluster(), {files: {'neo4j-db.yaml': NEO4J}});
  await story.settle();
  await story.clock.sleep(10 * 60_000);
  await story.plan();
  const before = story.requests.length;
  await story.plan();
  expect(story.requests.slice(before)).toEqual([
    'GET /api2/json/cluster/resources',
    'GET /api2/json/cluster/status',
    'GET /api2/json/nodes/pve1/qemu/150/pending',
  ]);
});
