// Why this exists: an action that ends half-way leaves a guest that is neither as it was nor as Git
// wants it. That is our own doing: the next pass goes on, and waits for nobody's word.
import {expect, it} from 'vitest';
import type {Exchange} from '../../src/core/ports.ts';
import {ok} from '../../src/core/result.ts';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {commit, configOf, manifest, openLines, reasons, type Spec} from './guest.ts';
import {createStory} from './world.ts';

const UUID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const LOCKED = "can't lock file '/var/lock/qemu-server/lock-150.conf' - got timeout";

const CASES: readonly {
  readonly title: string;
  readonly live: {readonly [key: string]: string};
  readonly before: Spec;
  readonly after: Spec;
  readonly holds: {readonly [key: string]: unknown};
}[] = [
  {
    title: 'a cloud-init drive that was out and not in again',
    live: {ide2: 'local-lvm:vm-150-cloudinit,media=cdrom'},
    before: {cloudInit: {drive: {slot: 'ide2', storage: 'local-lvm'}}},
    after: {cloudInit: {drive: {slot: 'scsi5', storage: 'local-lvm'}}},
    holds: {scsi5: expect.stringContaining('cloudinit')},
  },
  {
    title: 'a boot order that had lost its device',
    live: {boot: 'order=net0;scsi0', net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0', scsi0: ''},
    before: {boot: {order: ['net0', 'scsi0']}, networks: {net0: {model: 'virtio'}}},
    after: {boot: {order: null}, networks: {net0: null}},
    holds: {scsi0: expect.any(String)},
  },
];

it.each(CASES)('goes on by itself: $title', async ({live, before, after, holds}) => {
  const simulator = demoCluster();
  const disk = 'local-lvm:vm-150-disk-1,size=1G';
  const config = {...live, ...('scsi0' in live ? {scsi0: disk} : {}), smbios1: `uuid=${UUID}`};
  const volumes = {
    'local-lvm:vm-150-cloudinit': 4 * 1024 ** 2,
    'local-lvm:vm-150-disk-1': 1024 ** 3,
  };
  addGuest(simulator, 150, {config, volumes});
  const text = (spec: Spec): string => {
    const base = {vmid: 150, name: null, power: 'stopped'};
    return manifest({...base, ...spec}, {annotations: {'pvegit/adopt': UUID}});
  };
  let writes = Number.NaN;
  const wrap = (exchange: Exchange): Exchange => ({
    ...exchange,
    request: async (request) => {
      if (request.method !== 'GET') writes += 1;
      if (writes !== 2 || request.method === 'GET') return exchange.request(request);
      writes = Number.NaN;
      const body = JSON.stringify({data: null, message: `${LOCKED}\n`});
      return ok({status: 500, reason: LOCKED, headers: {}, body});
    },
  });
  const story = createStory(simulator, {files: {'vm.yaml': text(before)}, wrap});
  await story.clock.sleep(30_000);
  await story.settle();
  await story.clock.sleep(30_000);
  commit(story, text(after));
  writes = 0;
  await story.pass();
  await story.clock.sleep(1_800_000);
  await story.settle();
  expect(writes).toBeNaN();
  expect([await openLines(story), await reasons(story)]).toEqual([[], []]);
  expect(configOf(story)).toMatchObject(holds);
});
