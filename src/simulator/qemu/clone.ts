// Why this exists: a clone: what is refused at once, what the target shows while disks are copied,
// and what a copy keeps, drops and makes new (facts.md section 10, recording 08).
import {fail, forbid, paramError} from '../failure.ts';
import {copyScope} from '../firewall/scope.ts';
import {qemuLockFile} from '../flock.ts';
import {assertUnlocked, isUnusedKey} from '../guest/file.ts';
import {snapshotNamed} from '../guest/snapshots.ts';
import {require403} from '../permission.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply} from '../route.ts';
import {data, integer, vmidOf} from '../route.ts';
import type {QemuGuest, Volume} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {findVolume, nameOf, parseVolid, requireStorage} from '../volume.ts';
import {requireBridge} from './access-checks.ts';
import {joinPool} from './create.ts';
import {requireMappings} from './device-access.ts';
import type {Drive} from './drive.ts';
import {drivesOf, isCdrom, isCloudInit, printDrive, withFile, withOptions} from './drive.ts';
import {copyFormat} from './drive-write.ts';
import {volumeHas} from './features.ts';
import {emptyGuest, saveGuest} from './guest-file.ts';
import {isNetKey} from './keys.ts';
import {copyAwayLog} from './mirror.ts';
import {withNewMac} from './net.ts';
import {freshSmbios, macPrefix} from './normalise.ts';
import {snapshotKeys} from './rollback.ts';
import {formatSize, renderBytes} from './size.ts';
import type {Job} from './volumes.ts';
import {allocateImage, copyMs, freeImage, storageNamed, transferLog} from './volumes.ts';
import {act, forkFor, jobOf, pause} from './worker.ts';

/** One clone, everything decided. */
interface Clone {
  readonly context: Context;
  readonly source: QemuGuest;
  readonly section: ReadonlyMap<string, string>;
  readonly newid: number;
  readonly node: string;
  readonly full: boolean;
  readonly storage: string | undefined;
  readonly format: string | undefined;
}

const temporary = ' qmclone temporary file';

/** POST clone. */
export function cloneGuest(context: Context): Reply {
  const clone = readClone(context);
  const drives = [...drivesOf(clone.section)].sort((a, b) => (a.key < b.key ? -1 : 1));
  const copies = drives.filter((drive) => !isPlainCd(drive));
  const isShared = requireStorages(clone, drives);
  const request = {context, vmid: clone.newid};
  requireMappings(request, clone.section);
  for (const [key, text] of [...clone.section].sort()) requireBridge(request, key, text);
  if (clone.node !== context.node && !isShared) {
    fail(500, `can't clone VM to node '${clone.node}' (VM uses local storage)`);
  }
  if (context.cluster.guests.has(clone.newid)) {
    fail(500, `unable to create VM ${clone.newid}: config file already exists`);
  }
  for (const drive of copies) checkDrive(clone, drive);
  const target = emptyGuest(clone.newid, context.node);
  // The same operating system behaves the same.
  target.behaviour = {...clone.source.behaviour};
  target.config.set('lock', 'clone').set('description', temporary);
  context.cluster.guests.set(clone.newid, target);
  recordEffect(context.cluster, 'create', clone.newid, `clone of ${clone.source.vmid} begins`);
  const {vmid} = clone.source;
  return data(forkFor(context, 'qmclone', vmid, cloneStages(clone, target, copies)));
}

function readClone(context: Context): Clone {
  const {cluster, node, params} = context;
  const vmid = vmidOf(context);
  const newid = integer(context, 'newid') ?? 0;
  const pool = params['pool'];
  if (pool !== undefined && !cluster.pools.has(pool)) forbid(`pool '${pool}' does not exist`);
  const wished = params['target'] ?? node;
  const target = wished === 'localhost' ? node : wished;
  const isKnown = target === node || cluster.nodes.get(target)?.listed === true;
  if (!isKnown) fail(500, `no such cluster node '${target}'`);
  const source = cluster.guests.get(vmid);
  if (source?.kind !== 'qemu' || source.node !== node) {
    return fail(500, `unable to find configuration file for VM ${vmid} on node '${node}'`);
  }
  checkStorage(context, target);
  assertUnlocked(source);
  const name = params['snapname'];
  const section = name === undefined ? source.config : snapshotNamed(source, name);
  const full = (params['full'] ?? (source.config.get('template') === '1' ? '0' : '1')) === '1';
  for (const key of ['storage', 'format']) {
    if (params[key] !== undefined && !full) {
      fail(500, `parameter '${key}' not allowed for linked clones`);
    }
  }
  const {storage, format} = params;
  return {context, source, section, newid, node: target, full, storage, format};
}

/** A named storage must take images here, and be the same there. */
function checkStorage({cluster, node, params}: Context, target: string): void {
  const {storage: id} = params;
  if (id === undefined) return;
  const storage = requireStorage(cluster, id, node);
  if (!storage.content.has('images')) {
    paramError({storage: `storage '${id}' does not support vm images`});
  }
  if (target === node) return;
  requireStorage(cluster, id, target);
  if (!storage.shared) fail(500, `can't clone to non-shared storage '${id}'`);
}

/** Rights on the storages of all drives; whether another node could read all of them. */
function requireStorages(clone: Clone, drives: readonly Drive[]): boolean {
  const {context, section, storage: onto} = clone;
  let isShared = true;
  for (const drive of drives) {
    if (drive.file === '' || drive.file === 'none') continue;
    if (drive.file === 'cdrom') {
      require403(context, '/', ['Sys.Console']);
      continue;
    }
    const id = parseVolid(drive.file)?.storage;
    if (id === undefined) return fail(500, `unable to parse volume ID '${drive.file}'`);
    isShared = storageNamed(context.cluster, id).shared && isShared;
    if (!isCdrom(drive)) {
      require403(context, `/storage/${onto ?? id}`, ['Datastore.AllocateSpace']);
    }
  }
  const state = section.get('vmstatestorage');
  if (state !== undefined) require403(context, `/storage/${state}`, ['Datastore.AllocateSpace']);
  return isShared;
}

/** Whether the storage can do what a full or linked copy needs, of the disk or its snapshot. */
function checkDrive(clone: Clone, drive: Drive): void {
  const {context, full, source} = clone;
  const fromSnapshot = context.params['snapname'] !== undefined;
  const isTpm = drive.key === 'tpmstate0';
  if (full && isTpm && source.runtime !== undefined && !fromSnapshot) {
    fail(500, 'cannot clone TPM state while VM is running');
  }
  const isCopied = full || isCloudInit(drive) || isTpm;
  if (volumeHas(context.cluster, drive.file, isCopied ? 'copy' : 'clone', fromSnapshot)) return;
  const what = `${fromSnapshot ? ' a snapshot of' : ''} '${drive.file}' (${drive.key})`;
  fail(500, `${isCopied ? 'Full' : 'Linked'} clone feature is not supported for${what}`);
}

function cloneStages(clone: Clone, target: QemuGuest, copies: readonly Drive[]): readonly Stage[] {
  const {context, source} = clone;
  const {cluster} = context;
  const made = new Map<string, string>();
  return [
    {kind: 'undo', run: (worker) => abandon(jobOf(context, worker), target, made)},
    {kind: 'lock', file: qemuLockFile(target.vmid), waitMs: 1_000},
    {kind: 'lock', file: qemuLockFile(source.vmid), waitMs: 1_000, shared: true},
    pause(100),
    ...copies.map((drive) => copyStage(clone, drive, made)),
    act((worker) => {
      sayDiscarded(source, worker);
      target.config = cloneConfig(clone, made);
      target.node = clone.node;
      saveGuest(cluster, target, `clone of ${source.vmid}`);
      const firewall = cluster.firewall.get(`vm/${source.vmid}`);
      if (firewall !== undefined) {
        cluster.firewall.set(`vm/${target.vmid}`, copyScope(firewall));
      }
      recordEffect(cluster, 'clone', target.vmid, `of ${source.vmid}`);
      joinPool(context, target.vmid);
    }),
  ];
}

function abandon(job: Job, target: QemuGuest, made: ReadonlyMap<string, string>): void {
  for (const text of made.values()) {
    const volid = text.split(',')[0] ?? '';
    freeImage(job, volid);
  }
  job.cluster.guests.delete(target.vmid);
  recordEffect(job.cluster, 'destroy', target.vmid, 'clone failed');
}

/** Copy or link one drive; the new drive string is put under its key in `made`. */
function copyStage(clone: Clone, drive: Drive, made: Map<string, string>): Stage {
  const {context, full} = clone;
  const {cluster, node} = context;
  return {
    kind: 'then',
    stages: (worker) => {
      const job = jobOf(context, worker);
      const source =
        findVolume(cluster, node, drive.file) ??
        fail(500, `clone failed: volume '${drive.file}' does not exist`);
      const linked = !full && !isCloudInit(drive) && drive.key !== 'tpmstate0';
      job.log(`create ${linked ? 'linked' : 'full'} clone of drive ${drive.key} (${drive.file})`);
      const volume = linked ? link(job, clone, source) : copy(job, clone, drive, source);
      const options = {size: formatSize(volume.sizeBytes), format: undefined};
      made.set(drive.key, printDrive(withOptions(withFile(drive, volume.volid), options)));
      if (linked || isCloudInit(drive)) return [];
      // Firmware's variables are copied by a tool that tells nothing.
      if (drive.key === 'efidisk0') return [pause(copyMs(cluster, volume.storage, 0))];
      return [
        pause(copyMs(cluster, volume.storage, volume.sizeBytes)),
        act(() => {
          const isLive = clone.source.runtime !== undefined && !context.params['snapname'];
          const total = renderBytes(volume.sizeBytes);
          const lines = isLive
            ? copyAwayLog(`drive-${drive.key}`, total, clone.source.runtime?.agentAnswers === true)
            : transferLog(volume.sizeBytes);
          for (const line of lines) job.log(line);
        }),
      ];
    },
  };
}

function link(job: Job, clone: Clone, source: Volume): Volume {
  return allocateImage(job, {
    storage: source.storage,
    vmid: clone.newid,
    sizeBytes: source.sizeBytes,
    format: 'qcow2',
    parent: nameOf(source),
  });
}

function copy(job: Job, clone: Clone, drive: Drive, source: Volume): Volume {
  const storage = clone.storage ?? source.storage;
  const {sizeBytes} = source;
  const vmid = clone.newid;
  const format = copyFormat(job, storage, clone.format, source);
  if (!isCloudInit(drive)) return allocateImage(job, {storage, vmid, sizeBytes, format});
  return allocateImage(job, {storage, vmid, sizeBytes, format, name: `vm-${vmid}-cloudinit`});
}

const notCopied = new Set([...snapshotKeys, 'lock', 'parent', 'template', 'digest', 'snapshots']);

function cloneConfig(clone: Clone, made: ReadonlyMap<string, string>): Map<string, string> {
  const {context, source, section} = clone;
  const {cluster, params} = context;
  const {random} = cluster;
  const config = new Map<string, string>();
  for (const [key, text] of section) {
    if (isUnusedKey(key)) continue;
    if (key !== 'description' && notCopied.has(key)) continue;
    const isNet = isNetKey(key);
    const value = isNet
      ? withNewMac(key, text, random, macPrefix(cluster))
      : (made.get(key) ?? text);
    config.set(key, value);
  }
  config.set('smbios1', freshSmbios(random, section.get('smbios1')));
  if (!['0', undefined].includes(section.get('vmgenid'))) config.set('vmgenid', randomUuid(random));
  config.set('name', params['name'] ?? `Copy-of-VM-${section.get('name') ?? source.vmid}`);
  const description = params['description']?.trimEnd();
  if (description) config.set('description', description);
  return config;
}

/** Changes that wait are not taken over, which the task's log says. */
function sayDiscarded(source: QemuGuest, worker: Pick<Worker, 'log'>): void {
  const deletes = source.pendingDelete.size > 0 ? ['delete'] : [];
  const keys = [...source.pending.keys(), ...deletes];
  if (keys.length === 0) return;
  worker.log(`found pending changes for '${keys.join(',')}', discarding for clone`);
}

/** A CD drive with an ISO or nothing is taken over as it is. */
function isPlainCd(drive: Drive): boolean {
  return isCdrom(drive) && !isCloudInit(drive);
}
