// Why this exists: which calls a repository can lead to is found by planning it against made-up
// states of its own guests: absent, differing in every field, and no longer wanted.
import {isObject, type Json} from '../../core/json.ts';
import type {Body, Desired, Inventory, Read, ResourceRecord} from '../../core/model.ts';

/** What is made up, and what is taken from a real cluster where there is one. */
export interface SceneRequest {
  readonly installation: string;
  readonly cluster: string;
  readonly desired: readonly Desired[];
  readonly release: string;
  /** Where templates and storages are looked up; null: all of it is made up. */
  readonly real: Inventory | null;
}

/** A made-up state of the cluster, and what the journal would know in it. */
export interface Scene {
  readonly inventory: Inventory;
  readonly records: readonly ResourceRecord[];
}

/** Nothing of what is wanted is there yet. */
export function absentScene(request: SceneRequest): Scene {
  return {inventory: inventoryOf(request, []), records: []};
}

/** All guests are there and differ from what is wanted wherever they can. */
export function differingScene(request: SceneRequest): Scene {
  const guests = request.desired.flatMap((desired) => guestOf(request, desired) ?? []);
  return {
    inventory: inventoryOf(request, guests),
    records: guests.map(({desired, config}) => recordOf(request, desired, config)),
  };
}

/** A guest that is made up. */
interface MadeGuest {
  readonly desired: Desired;
  readonly vmid: number;
  readonly node: string;
  readonly running: boolean;
  readonly config: {readonly [key: string]: string};
}

const UUID = '00000000-0000-4000-8000-';

function guestOf(request: SceneRequest, desired: Desired): MadeGuest | null {
  const vmid = vmidOf(desired);
  if (vmid === null) return null;
  const {installation, cluster} = request;
  const marker = `<!-- pvegit/v1 installation=${installation} cluster=${cluster} vmid=${vmid} -->`;
  return {
    desired,
    vmid,
    node: nodeOf(desired, request),
    running: desired.body['power'] !== 'running',
    config: {
      description: marker,
      smbios1: `uuid=${UUID}${String(vmid).padStart(12, '0')}`,
      ...disksOf(desired.body, vmid),
    },
  };
}

/** The wanted disks as they would be if they were small and had no options. */
function disksOf(body: Body, vmid: number): {readonly [slot: string]: string} {
  const slots = Object.keys(body).flatMap((path) => /^disks\.([^.]+)$/.exec(path)?.[1] ?? []);
  return Object.fromEntries(
    slots
      .filter((slot) => body[`disks.${slot}`] === true)
      .map((slot, index) => {
        const {storage, file} = leaves(body, slot);
        const volume = typeof file === 'string' ? file : `${storage}:vm-${vmid}-disk-${index}`;
        return [slot, `${volume},size=4M`];
      }),
  );
}

function leaves(body: Body, slot: string): {readonly storage: string; readonly file: unknown} {
  const storage = body[`disks.${slot}.storage`];
  const known = typeof storage === 'string' ? storage : 'local-lvm';
  return {storage: known, file: body[`disks.${slot}.file`]};
}

/** Live is as last verified, so that every difference is Git's wish and no conflict. */
function recordOf(
  {cluster}: SceneRequest,
  desired: Desired,
  config: MadeGuest['config'],
): ResourceRecord {
  const vmid = vmidOf(desired) ?? 0;
  const held = Object.entries(desired.body).flatMap(([path, value]) => {
    const slot = /^disks\.([^.]+)/.exec(path)?.[1];
    if (slot === undefined || config[slot] === undefined) return [];
    if (path.endsWith('.size')) return [[path, 4 * 1024 ** 2] as const];
    return /^disks\.[^.]+(?:\.(?:storage|file))?$/.test(path) ? [[path, value] as const] : [];
  });
  return {
    cluster,
    key: desired.key,
    kind: desired.kind,
    name: desired.name,
    source: desired.source,
    path: desired.range.file,
    body: Object.fromEntries(held),
    wrote: [],
    witness: `${UUID}${String(vmid).padStart(12, '0')}`,
    onDelete: desired.directives.onDelete,
    ...(desired.retain === undefined ? {} : {retain: desired.retain}),
    replaceToken: desired.directives.replace,
    secretHashes: {},
    commit: 'rehearsal',
    verifiedAt: 0,
  };
}

function inventoryOf(request: SceneRequest, guests: readonly MadeGuest[]): Inventory {
  const {cluster, desired, release, real} = request;
  const templates = templatesOf(request);
  const listing: Json[] = [
    ...nodesOf(request).map((node) => ({type: 'node', node, status: 'online'})),
    ...storagesOf(request),
    ...templates.map(({vmid, node}) => {
      return {type: 'qemu', vmid, node, status: 'stopped', name: `template-${vmid}`, template: 1};
    }),
    ...guests.map(({vmid, node, running, desired: {name}}) => {
      return {type: 'qemu', vmid, node, status: running ? 'running' : 'stopped', name};
    }),
  ];
  const reads: {[path: string]: Read} = {};
  const put = (path: string, data: Json): void => {
    reads[path] = {path, outcome: {ok: true, data}};
  };
  put('/version', {release});
  put('/cluster/resources', listing);
  put('/cluster/status', []);
  for (const {vmid, node, config} of [...templates, ...guests]) {
    const base = `/nodes/${node}/qemu/${vmid}`;
    put(
      `${base}/pending`,
      [...Object.entries(config)].map(([key, value]) => ({key, value})),
    );
    put(`${base}/snapshot`, [{name: 'current'}]);
  }
  for (const {vmid, node, running} of guests) {
    const status = running ? 'running' : 'stopped';
    put(`/nodes/${node}/qemu/${vmid}/status/current`, {status, qmpstatus: status});
  }
  for (const one of desired) put(`/cluster/nextid?vmid=${vmidOf(one)}`, String(vmidOf(one)));
  return {cluster, takenAt: real?.takenAt ?? 0, reads, release, clockOffsetMs: {}};
}

interface Template {
  readonly vmid: number;
  readonly node: string;
  readonly config: {readonly [key: string]: string};
}

/** What is cloned from: as it really is where that is known, else a plain template. */
function templatesOf(request: SceneRequest): readonly Template[] {
  const found = new Map<number, Template>();
  for (const desired of request.desired) {
    const {clone} = desired.creation;
    const vmid = isObject(clone) ? Number(clone['vmid']) : Number.NaN;
    if (!Number.isSafeInteger(vmid) || found.has(vmid)) continue;
    found.set(vmid, realTemplate(vmid, request.real) ?? plainTemplate(vmid, desired, request));
  }
  return [...found.values()];
}

function realTemplate(vmid: number, real: Inventory | null): Template | null {
  const entry = entriesOf(real).find((one) => one['vmid'] === vmid);
  const node = String(entry?.['node'] ?? '');
  const read = real?.reads[`/nodes/${node}/qemu/${vmid}/pending`]?.outcome;
  if (entry === undefined || !read?.ok || !Array.isArray(read.data)) return null;
  const pairs = read.data.flatMap((one: unknown) => {
    return isObject(one) && one['value'] !== undefined ? [[one['key'], String(one['value'])]] : [];
  });
  return {vmid, node, config: Object.fromEntries(pairs)};
}

function plainTemplate(vmid: number, desired: Desired, request: SceneRequest): Template {
  const {storage} = leaves(desired.body, 'scsi0');
  const bridge = desired.claims.find(({space}) => space === 'bridge')?.value;
  const config = {
    ide2: `${storage}:vm-${vmid}-cloudinit,media=cdrom`,
    net0: `virtio=BC:24:11:00:00:00,bridge=${bridge ?? 'vmbr0'}`,
    scsi0: `${storage}:base-${vmid}-disk-0,size=4M`,
    smbios1: `uuid=${UUID}${String(vmid).padStart(12, '0')}`,
    template: '1',
  };
  return {vmid, node: nodeOf(desired, request), config};
}

function nodesOf(request: SceneRequest): readonly string[] {
  const real = entriesOf(request.real).filter(({type}) => type === 'node');
  const named = request.desired.map((desired) => nodeOf(desired, request));
  return [...new Set([...real.map(({node}) => String(node)), ...named])];
}

function nodeOf({body}: Desired, {real}: SceneRequest): string {
  const {node} = body;
  if (typeof node === 'string') return node;
  return String(entriesOf(real).find(({type}) => type === 'node')?.['node'] ?? 'pve1');
}

function storagesOf(request: SceneRequest): readonly Json[] {
  const {desired, real} = request;
  // Safe: what was read from the API is plain JSON.
  const known = entriesOf(real).filter(({type}) => type === 'storage') as Json[];
  if (known.length > 0) return known;
  const named = desired.flatMap(({claims}) => {
    return claims.flatMap(({space, value}) => (space === 'storage' ? [value] : []));
  });
  return nodesOf(request).flatMap((node) =>
    [...new Set([...named, 'local-lvm'])].map((storage) => {
      return {type: 'storage', node, storage, status: 'available', shared: 0};
    }),
  );
}

function entriesOf(inventory: Inventory | null): readonly {readonly [key: string]: unknown}[] {
  const read = inventory?.reads['/cluster/resources']?.outcome;
  if (read?.ok !== true || !Array.isArray(read.data)) return [];
  return read.data.filter((entry: unknown) => isObject(entry));
}

function vmidOf({key}: Desired): number | null {
  const vmid = Number(/^guest\/(\d+)$/.exec(key)?.[1]);
  return Number.isSafeInteger(vmid) ? vmid : null;
}
