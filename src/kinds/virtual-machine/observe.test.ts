// Why this exists: what could not be read must never look like something that is not there.
import {describe, expect, it} from 'vitest';
import type {Json} from '../../core/json.ts';
import type {Inventory, PveError, Read} from '../../core/model.ts';
import {listed, observe} from './observe.ts';
import {reads} from './reads.ts';
import {CONFIG, DIGEST, desiredOf, inventoryOf, observedOf, type World} from './samples.ts';

const paths = (inventory: Inventory, spec = {}) =>
  reads('guest/150', desiredOf(spec), inventory).map(({path}) => path);

function without(inventory: Inventory, ...gone: readonly string[]): Inventory {
  const kept = Object.entries(inventory.reads).filter(([path]) => !gone.includes(path));
  return {...inventory, reads: Object.fromEntries(kept)};
}

function failing(inventory: Inventory, path: string, kind: PveError['kind']): Inventory {
  const error: PveError = {kind, status: 500, message: 'it said no', errors: {}, sent: 'answered'};
  const read: Read = {path, outcome: {ok: false, error}};
  return {...inventory, reads: {...inventory.reads, [path]: read}};
}

function shaped(inventory: Inventory, path: string, data: Json): Inventory {
  const read: Read = {path, outcome: {ok: true, data}};
  return {...inventory, reads: {...inventory.reads, [path]: read}};
}

const PENDING = '/nodes/pve1/qemu/150/pending';
const STATUS = '/nodes/pve1/qemu/150/status/current';
const FREE = '/cluster/nextid?vmid=150';

describe('what is read', () => {
  it('29: is the listing, then one answer for a guest that is in sync', () => {
    expect(paths({...inventoryOf(), reads: {}})).toEqual(['/cluster/resources']);
    const fresh = without(inventoryOf(), PENDING);
    expect(paths(fresh, {power: 'running'})).toEqual([PENDING]);
    expect(paths(inventoryOf(), {power: 'running'})).toEqual([]);
  });

  it('is the run state too where the listing cannot tell, or differs from what is wanted', () => {
    expect(paths(inventoryOf({status: 'unknown'}))).toEqual([STATUS]);
    expect(paths(inventoryOf({status: 'running'}), {power: 'stopped'})).toEqual([STATUS]);
    expect(paths(inventoryOf({status: 'stopped'}))).toEqual([]);
  });

  it('is the template only for a guest that is to be made', () => {
    const more = [{type: 'qemu', vmid: 100, node: 'pve1', status: 'stopped', template: 1}];
    const template = '/nodes/pve1/qemu/100/pending';
    const clone = {clone: {vmid: 100}};
    expect(paths(without(inventoryOf({config: null, more}), FREE), clone)).toEqual([
      FREE,
      template,
    ]);
    expect(paths(inventoryOf({more}), clone)).toEqual([]);
  });

  it('28: is nothing of a node that is offline, and nothing without a listing', () => {
    const world: World = {
      guest: {node: 'pve3'},
      more: [{type: 'node', node: 'pve3', status: 'offline'}],
    };
    expect(paths(without(inventoryOf(world), PENDING))).toEqual([]);
    expect(paths(failing(inventoryOf(), '/cluster/resources', 'connection'))).toEqual([]);
  });
});

describe('what could not be read is undetermined', () => {
  const see = (inventory: Inventory) => observe('guest/150', inventory, 'home');

  it.for<[string, Inventory]>([
    ['no listing', {...inventoryOf(), reads: {}}],
    ['a listing that failed', failing(inventoryOf(), '/cluster/resources', 'forbidden')],
    ['a guest that was not read', without(inventoryOf(), PENDING)],
    ['a guest whose read failed', failing(inventoryOf(), PENDING, 'missing')],
    ['an unlisted VMID that was not asked for', without(inventoryOf({config: null}), FREE)],
    [
      'a VMID that is taken by what may not be seen',
      failing(inventoryOf({config: null}), FREE, 'exists'),
    ],
    [
      'a VMID of which nothing could be learnt',
      failing(inventoryOf({config: null}), FREE, 'server'),
    ],
    ['an answer of another shape', shaped(inventoryOf(), PENDING, {nothing: 'useful'})],
    ['a listing of another shape', shaped(inventoryOf(), '/cluster/resources', ['x'])],
  ])('%s', ([, inventory]) => {
    const seen = see(inventory);
    expect(seen.kind).toBe('undetermined');
    if (seen.kind === 'undetermined') expect(seen.because).toBeTruthy();
  });

  it('a listing without nodes is not complete', () => {
    const listing = [{type: 'qemu', vmid: 101, node: 'pve1'}];
    const cut = shaped(inventoryOf({config: null}), '/cluster/resources', listing);
    expect(see(cut).kind).toBe('undetermined');
  });

  it('a guest of an offline node', () => {
    const more = [{type: 'node', node: 'pve3', status: 'offline'}];
    expect(see(inventoryOf({guest: {node: 'pve3'}, more}))).toEqual({
      kind: 'undetermined',
      because: 'node pve3 is offline',
    });
  });

  it('but absent is what Proxmox itself says is free', () => {
    expect(see(inventoryOf({config: null}))).toEqual({kind: 'absent'});
  });

  it('and a container under the VMID is something else', () => {
    expect(see(inventoryOf({guest: {type: 'lxc'}})).kind).toBe('other');
  });
});

describe('an observed guest', () => {
  it('shows configured values, and what is in force where that differs', () => {
    const observed = observedOf({
      config: {...CONFIG, cores: 2, onboot: 1, vga: 'qxl'},
      pending: {cores: 4, vga: null, bios: 'ovmf'},
    });
    expect(observed.body).toMatchObject({'cpu.cores': 4, 'config.bios': 'ovmf', onboot: true});
    expect(observed.body).not.toHaveProperty('config.vga');
    expect(observed.active).toEqual({
      'cpu.cores': 2,
      'config.vga': true,
      'config.vga.type': 'qxl',
      'config.bios': null,
    });
  });

  it('is known by its UUID, digest and marker', () => {
    const observed = observedOf({config: {...CONFIG, smbios1: 'base64=1,uuid=ABC-DEF'}});
    expect(observed).toMatchObject({
      witness: 'abc-def',
      digest: DIGEST,
      ownership: {kind: 'ours'},
      name: 'neo4j-db',
    });
  });

  it.for([
    ['of another VMID (a clone copies it)', 'home', 'harness', 151],
    ['of another cluster (a restore)', 'home', 'other', 150],
    ['of another installation', 'work', 'harness', 150],
  ] as const)('is not ours by a marker %s', ([, installation, cluster, vmid]) => {
    const words = `installation=${installation} cluster=${cluster} vmid=${vmid}`;
    const marker = `<!-- pvegit/v1 ${words} -->`;
    const {ownership} = observedOf({config: {...CONFIG, description: `x\n${marker}`}});
    expect(ownership).toEqual({kind: 'foreign', marker});
  });

  it('is unmarked without a marker in the last line', () => {
    const marker = CONFIG['description'];
    const {ownership, body} = observedOf({config: {...CONFIG, description: `${marker}\nmore`}});
    expect(ownership).toEqual({kind: 'unmarked'});
    expect(body['description']).toBe(`${marker}\nmore`);
  });

  it('takes the node’s word for the run state; a paused guest still counts as running', () => {
    const power = (status: string, qmpstatus: string) => {
      const observed = observedOf({status: 'stopped', reads: {[STATUS]: {status, qmpstatus}}});
      return [observed.power, observed.body['power']];
    };
    expect(power('running', 'running')).toEqual(['running', 'running']);
    expect(power('running', 'paused')).toEqual(['paused', 'running']);
    expect(power('stopped', 'stopped')).toEqual(['stopped', 'stopped']);
    expect(observedOf({status: 'unknown'}).body).not.toHaveProperty('power');
  });

  it('tells disks, CD drives and the cloud-init drive apart', () => {
    const {body} = observedOf({
      config: {
        ...CONFIG,
        ide0: 'local:iso/a.iso,media=cdrom,size=4M',
        ide2: 'local:150/vm-150-cloudinit.qcow2,media=cdrom',
        sata0: 'local:150/vm-150-disk-1.qcow2,discard=on,size=4097M',
        efidisk0: 'local-lvm:vm-150-disk-2,efitype=4m,size=528K',
        unused0: 'local-lvm:vm-150-disk-3',
      },
    });
    expect(body).toMatchObject({
      'cdroms.ide0.file': 'local:iso/a.iso',
      'cloudInit.drive.slot': 'ide2',
      'disks.sata0.format': 'qcow2',
      'disks.sata0.size': 4097 * 2 ** 20,
      'disks.sata0.discard': true,
      'efi.efitype': '4m',
      'unused.unused0': true,
    });
  });

  it('never shows a password, only that there is one', () => {
    const observed = observedOf({config: {...CONFIG, cipassword: '**********'}});
    expect(observed.unreadable).toEqual(['cloudInit.password']);
    expect(observed.body['cloudInit.password']).toBe('(secret)');
  });

  it('has the pool and the HA state of the listing', () => {
    const observed = observedOf({guest: {pool: 'team', hastate: 'started', lock: 'backup'}});
    expect(observed).toMatchObject({ha: 'started', lock: 'backup', body: {pool: 'team'}});
    expect(observedOf({guest: {hastate: 'ignored'}}).ha).toBeNull();
  });

  it('is not known to be unlisted where the list was not read', () => {
    expect(listed({...inventoryOf({}), reads: {}})).toBeNull();
  });

  it('is listed by its id', () => {
    const [guest] = listed(inventoryOf({guest: {name: 'x', template: 1}})) ?? [];
    expect(guest).toEqual({
      key: 'guest/150',
      id: 'qemu/150',
      name: 'x',
      node: 'pve1',
      template: true,
    });
  });
});
