// Why this exists: beyond the API's schema every configuration key has its privilege, and volumes,
// bridges and mappings ask for rights of their own (PVE::API2::Qemu's checks, facts.md section 14).
import type {Need} from '../../core/kind.ts';
import type {ApiCall, Inventory} from '../../core/model.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {type LiveConfig, readPending} from '../guest/live-config.ts';
import {isPacked, parseProperties} from '../guest/property-string.ts';
import {drivesOf, isDriveSlot, readDrive, storageOf} from './drive.ts';
import {pendingPath} from './reads.ts';

/** Privileges that one write needs, besides those of the API's schema. */
export function needs(call: ApiCall, inventory: Inventory): readonly Need[] {
  const [, node = '', id, action = ''] =
    /^\/nodes\/([^/]+)\/qemu(?:\/(\d+))?(?:\/([^?]+))?/.exec(call.path) ?? [];
  const text = (name: string): string | null => {
    const value = call.params[name];
    return value === undefined || typeof value === 'object' ? null : String(value);
  };
  if (call.path.startsWith('/pools')) return poolNeeds(text('vms'));
  if (call.method === 'GET' || node === '') return [];
  if (id === undefined) return createNeeds(call, text('vmid') ?? '', text('pool'));
  const live = (): LiveConfig => liveConfig(inventory, node, Number(id));
  switch (action) {
    case 'config':
      return keyNeeds(call, `/vms/${id}`, live());
    case 'clone':
      return cloneNeeds(text('storage'), live());
    case 'resize':
      return allocate(storageOf(readDrive('scsi0', live().get(text('disk') ?? '') ?? '').file));
    case 'move_disk':
      return [...allocate(text('storage')), ...takerNeeds(text('target-vmid'))];
    case 'migrate':
      return [
        ...(text('with-local-disks') === null ? [] : migrateNeeds(id, live())),
        ...ontoNeeds(id, text('targetstorage')),
      ];
    default:
      return [];
  }
}

function one(path: string, ...privileges: readonly string[]): Need {
  return {anyOf: privileges.map((privilege) => ({path, privilege}))};
}

function allocate(storage: string | null): readonly Need[] {
  return storage === null ? [] : [one(`/storage/${storage}`, 'Datastore.AllocateSpace')];
}

function poolNeeds(vms: string | null): readonly Need[] {
  const ids = (vms ?? '').split(',').filter((id) => id !== '');
  return ids.map((id) => one(`/vms/${id}`, 'VM.Allocate', 'Permissions.Modify'));
}

function createNeeds(call: ApiCall, vmid: string, pool: string | null): readonly Need[] {
  const where = `/vms/${vmid}`;
  const inPool = pool === null ? [] : [{path: `/pool/${pool}`, privilege: 'VM.Allocate'}];
  return [
    {anyOf: [{path: where, privilege: 'VM.Allocate'}, ...inPool]},
    ...keyNeeds(call, where, new Map()),
  ];
}

function cloneNeeds(storage: string | null, template: LiveConfig): readonly Need[] {
  const storages = drivesOf(template).map((drive) => drive.storage);
  const bridges = [...template].flatMap(([key, value]) => bridgeNeeds(key, value));
  const targets = storage === null ? storages : [storage];
  return [...targets.flatMap(allocate), ...bridges];
}

function migrateNeeds(vmid: string, live: LiveConfig): readonly Need[] {
  const storages = drivesOf(live).map(({storage}) => storage);
  return [one(`/vms/${vmid}`, 'VM.Config.Disk'), ...storages.flatMap(allocate)];
}

/** Who is given a disk is changed too. */
function takerNeeds(vmid: string | null): readonly Need[] {
  return vmid === null ? [] : [one(`/vms/${vmid}`, 'VM.Config.Disk')];
}

/** Another storage than the one of the same name: both the guest's disks and room there. */
function ontoNeeds(vmid: string, storage: string | null): readonly Need[] {
  return storage === null ? [] : [one(`/vms/${vmid}`, 'VM.Config.Disk'), ...allocate(storage)];
}

function keyNeeds(call: ApiCall, where: string, live: LiveConfig): readonly Need[] {
  return Object.entries(call.params).flatMap(([key, value]): readonly Need[] => {
    const text = typeof value === 'object' ? '' : String(value);
    if (key === 'delete') {
      const gone = text.split(/[,; ]+/).filter((name) => name !== '');
      return gone.flatMap((name) => privilegeNeeds(name, live.get(name) ?? '', where));
    }
    return [
      ...privilegeNeeds(key, text, where),
      ...volumeNeeds(key, text),
      ...bridgeNeeds(key, text),
      ...mappingNeeds(key, text),
    ];
  });
}

/** Each key's own privilege, as the key table spells it. */
function privilegeNeeds(key: string, text: string, where: string): readonly Need[] {
  if (isDriveSlot(key)) return drivePrivileges(key, text, where);
  const known = qemuKey(key);
  if (known === null) return [];
  const {privilege} = known.facts;
  const words = privilege.replace(/\(.*?\)/g, '').match(/VM\.[A-Za-z.]+/g) ?? [];
  const first = words[0];
  if (first === undefined) return [];
  const either = privilege.includes(' | ') ? words : [first];
  const more = key === 'startup' ? [one('/', 'Sys.Modify')] : [];
  return [one(where, ...either), ...more];
}

/** What a drive needs depends on what is in it. */
function drivePrivileges(slot: string, text: string, where: string): readonly Need[] {
  switch (readDrive(slot, text).kind) {
    case 'cloud-init':
      return [one(where, 'VM.Config.Cloudinit'), one(where, 'VM.Config.CDROM')];
    case 'cdrom':
      return [one(where, 'VM.Config.CDROM')];
    case 'disk':
      return [one(where, 'VM.Config.Disk')];
  }
}

function volumeNeeds(key: string, text: string): readonly Need[] {
  const state = key === 'efidisk0' || key === 'tpmstate0';
  if (!isDriveSlot(key) && !state) return [];
  const drive = readDrive(isDriveSlot(key) ? key : 'scsi0', text);
  const storage = storageOf(drive.file);
  if (storage === null) return drive.file === 'cdrom' ? [one('/', 'Sys.Console')] : [];
  if (drive.kind === 'cdrom') {
    return [one(`/storage/${storage}`, 'Datastore.Audit', 'Datastore.AllocateSpace')];
  }
  // Proxmox asks for no right on the storage of a cloud-init drive.
  const fresh = /:[\d.]+$/.test(drive.file) || drive.parts.has('import-from');
  const source = storageOf(drive.parts.get('import-from') ?? '');
  const from =
    source === null
      ? []
      : [one(`/storage/${source}`, 'Datastore.AllocateSpace', 'Datastore.Audit')];
  return [...(fresh ? allocate(storage) : []), ...from];
}

/** A plain bridge counts as a network of the zone `localnetwork`. */
function bridgeNeeds(key: string, text: string): readonly Need[] {
  const known = qemuKey(key);
  if (known?.family !== 'netN') return [];
  const parts = parseProperties(text, known.facts);
  const bridge = parts.get('bridge');
  const tag = parts.get('tag');
  if (bridge === undefined) return [];
  const path = `/sdn/zones/localnetwork/${bridge}${tag === undefined ? '' : `/${tag}`}`;
  return [one(path, 'SDN.Use')];
}

const MAPPINGS: {readonly [family: string]: string} = {
  hostpciN: 'pci',
  usbN: 'usb',
  virtiofsN: 'dir',
};

function mappingNeeds(key: string, text: string): readonly Need[] {
  const known = qemuKey(key);
  const kind = known === null ? undefined : MAPPINGS[known.family];
  if (known === null || kind === undefined || !isPacked(known.facts)) return [];
  const parts = parseProperties(text, known.facts);
  const id = parts.get('mapping') ?? parts.get('dirid');
  return id === undefined ? [] : [one(`/mapping/${kind}/${id}`, 'Mapping.Use')];
}

function liveConfig(inventory: Inventory, node: string, vmid: number): LiveConfig {
  const read = inventory.reads[pendingPath(node, vmid)];
  const pending = read?.outcome.ok ? readPending(read.outcome.data) : null;
  return pending?.configured ?? new Map();
}
