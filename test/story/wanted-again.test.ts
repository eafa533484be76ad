// Why this exists: what is taken out of a guest that runs may stay until the stop. Wanted again
// before that, it is the same disk, card or firmware state that is kept, not an empty new one.
import {describe, expect, it} from 'vitest';
import {addGuest, demoCluster} from '../../src/simulator/build.ts';
import {configure} from './by-hand.ts';
import {
  commit,
  configOf,
  manifest,
  openLines,
  pendingOf,
  type Spec,
  settleAll,
  volumesOf,
} from './guest.ts';
import {createStory, EAGER, type Story} from './world.ts';

const UUID = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const DISK = {storage: 'local-lvm', size: '1GiB'};
const VOLUMES = {
  'local-lvm:vm-150-cloudinit': 4 * 1024 ** 2,
  'local-lvm:vm-150-disk-1': 1024 ** 3,
  'local-lvm:vm-150-disk-2': 4 * 1024 ** 2,
};

/** Without hot-plug of anything, so that all that goes waits for the stop. */
const LIVE = {
  efidisk0: 'local-lvm:vm-150-disk-2,efitype=4m,size=4M',
  hotplug: '0',
  ide2: 'local-lvm:vm-150-cloudinit,media=cdrom,size=4M',
  net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1',
  sata1: 'local-lvm:vm-150-disk-1,backup=0,size=1G',
  smbios1: `uuid=${UUID}`,
};

const SPEC: Spec = {
  vmid: 150,
  name: null,
  power: 'running',
  efi: {storage: 'local-lvm', efitype: '4m'},
  cloudInit: {drive: {slot: 'ide2', storage: 'local-lvm'}},
  networks: {net0: {model: 'virtio', bridge: 'vmbr0'}},
  disks: {sata1: DISK},
};

function text(spec: Spec): string {
  return manifest({...SPEC, ...spec}, {annotations: {'pvegit/adopt': UUID}});
}

async function adopted(options: Partial<Parameters<typeof createStory>[1]> = {}): Promise<Story> {
  const simulator = demoCluster();
  addGuest(simulator, 150, {config: LIVE, running: true, volumes: VOLUMES});
  const story = createStory(simulator, {...options, files: {'vm.yaml': text({})}});
  await story.clock.sleep(30_000);
  expect(await settleAll(story)).toEqual(['adopt']);
  await story.clock.sleep(30_000);
  return story;
}

describe('what a person took out of a guest that runs', () => {
  it.each(['sata1', 'net0', 'efidisk0', 'ide2'] as const)('is kept: %s', async (key) => {
    const story = await adopted();
    const before = [configOf(story)[key], volumesOf(story)];
    configure(story, {delete: key});
    expect(pendingOf(story)).toEqual({[key]: '(delete)'});
    expect(await settleAll(story)).toEqual(['update']);
    expect(pendingOf(story)).toEqual({});
    expect([configOf(story)[key], volumesOf(story)]).toEqual(before);
    expect(await openLines(story)).toEqual([]);
  });

  it('is kept with the parts that Git does not name', async () => {
    const story = await adopted();
    configure(story, {vga: 'qxl,memory=32'});
    commit(story, text({config: {vga: {type: 'qxl'}}}));
    await settleAll(story);
    const before = story.simulator.guests.get(150)?.runtime;
    configure(story, {delete: 'vga'});
    expect(await settleAll(story)).toEqual(['update']);
    expect([configOf(story)['vga'], pendingOf(story)]).toEqual(['qxl,memory=32', {}]);
    expect(story.simulator.guests.get(150)?.runtime).toBe(before);
  });

  it('is kept first, and changed by an action of its own', async () => {
    const story = await adopted();
    configure(story, {delete: 'sata1'});
    commit(story, text({disks: {sata1: {...DISK, ssd: true}}}));
    expect(await settleAll(story)).toEqual(['update', 'update']);
    expect(configOf(story)['sata1']).toBe('local-lvm:vm-150-disk-1,backup=0,size=1G,ssd=1');
    expect(await openLines(story)).toEqual([]);
  });
});

describe('what Git took out of a guest that runs', () => {
  it('is kept when Git wants it again before the stop', async () => {
    const story = await adopted({policy: {...EAGER, disruptive: 'observe'}});
    configure(story, {delete: 'sata1,net0'});
    commit(story, text({disks: {sata1: null}, networks: {net0: null}}));
    await settleAll(story);
    expect(pendingOf(story)).toEqual({net0: '(delete)', sata1: '(delete)'});
    commit(story, text({}));
    await settleAll(story);
    expect(pendingOf(story)).toEqual({});
    expect(configOf(story)).toMatchObject({net0: LIVE.net0, sata1: LIVE.sata1});
  });
});

describe('the state of a TPM', () => {
  it.each(['running', 'stopped'])('is moved while the guest is off, wanted %s', async (power) => {
    const simulator = demoCluster({
      storages: {
        'local-lvm': {
          type: 'lvmthin',
          content: ['images'],
          options: {vgname: 'pve', thinpool: 'a'},
        },
        other: {type: 'lvmthin', content: ['images'], options: {vgname: 'pve', thinpool: 'b'}},
      },
    });
    const config = {smbios1: `uuid=${UUID}`, tpmstate0: 'local-lvm:vm-150-disk-1,size=4M'};
    const volumes = {'local-lvm:vm-150-disk-1': 4 * 1024 ** 2};
    addGuest(simulator, 150, {config, running: true, volumes});
    const spec = {vmid: 150, name: null, power: 'running'};
    const wish = (more: Spec): string => {
      return manifest({...spec, ...more}, {annotations: {'pvegit/adopt': UUID}});
    };
    const story = createStory(simulator, {files: {'vm.yaml': wish({})}});
    await story.clock.sleep(30_000);
    expect(await settleAll(story)).toEqual(['adopt']);
    await story.clock.sleep(30_000);
    commit(story, wish({power, tpm: {storage: 'other'}}));
    expect(await openLines(story)).toEqual([expect.stringContaining('update disruptive: ')]);
    expect(await settleAll(story)).toEqual(['update']);
    expect(configOf(story)['tpmstate0']).toContain('other:');
    expect(await openLines(story)).toEqual([]);
  });
});
