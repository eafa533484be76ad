// Why this exists: a clone: what is refused at once, what the target shows while disks are copied,
// and what a copy keeps, drops and makes new (facts.md section 10, recording 08).
import {fail, forbid} from '../failure.ts';
import {copyScope} from '../firewall/scope.ts';
import {qemuLockFile} from '../flock.ts';
import {require403} from '../permission.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply} from '../route.ts';
import {data, integer, vmidOf} from '../route.ts';
import type {QemuGuest, Volume} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume, nameOf} from '../volume.ts';
import {requireBridge} from './access-checks.ts';
import {assertUnlocked} from './config-update.ts';
import {joinPool} from './create.ts';
import type {Drive} from './drive.ts';
import {drivesOf, isCdrom, isCloudInit, printDrive, withFile, withOptions} from './drive.ts';
import {copyFormat} from './drive-write.ts';
import {emptyGuest, saveGuest} from './guest-file.ts';
import {isNetKey} from './keys.ts';
import {withNewMac} from './net.ts';
import {freshSmbios, macPrefix} from './normalise.ts';
import {snapshotKeys, snapshotNamed} from './rollback.ts';
import {formatSize} from './size.ts';
import type {Job} from './volumes.ts';
import {
  allocateImage,
  canCopySnapshot,
  canLink,
  copyMs,
  freeImage,
  storageNamed,
  transferLog,
} from './volumes.ts';
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
  const copies = drivesOf(clone.section).filter((drive) => !isPlainCd(drive));
  for (const drive of copies) checkDrive(clone, drive);
  checkTarget(clone, copies);
  for (const [key, text] of clone.section) requireBridge({context, vmid: clone.newid}, key, text);
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
  const target = params['target'] ?? node;
  if (!cluster.nodes.has(target)) fail(500, `no such cluster node '${target}'`);
  const onto = params['storage'];
  if (target !== node && onto !== undefined && !storageNamed(cluster, onto).shared) {
    fail(500, `can't clone to non-shared storage '${onto}'`);
  }
  const source = cluster.guests.get(vmid);
  if (source?.kind !== 'qemu' || source.node !== node) {
    return fail(500, `unable to find configuration file for VM ${vmid} on node '${node}'`);
  }
  assertUnlocked(source);
  const name = params['snapname'];
  const section = name === undefined ? source.config : snapshotNamed(source, name);
  const full = (params['full'] ?? (source.config.get('template') === '1' ? '0' : '1')) === '1';
  for (const key of ['storage', 'format']) {
    if (params[key] !== undefined && !full) {
      fail(500, `parameter '${key}' not allowed for linked clones`);
    }
  }
  if (cluster.guests.has(newid))
    fail(500, `unable to create VM ${newid}: config file already exists`);
  const {storage, format} = params;
  return {context, source, section, newid, node: target, full, storage, format};
}

function checkDrive(clone: Clone, drive: Drive): void {
  const {context, full, storage} = clone;
  const {cluster, node} = context;
  const volume =
    findVolume(cluster, node, drive.file) ?? fail(500, `volume '${drive.file}' does not exist`);
  const onto = storage ?? volume.storage;
  require403(context, `/storage/${onto}`, ['Datastore.AllocateSpace']);
  storageNamed(cluster, onto);
  if (isCloudInit(drive)) return;
  const fromSnapshot = context.params['snapname'] !== undefined;
  const what = `'${drive.file}' (${drive.key})`;
  if (!full && !canLink(cluster, volume, fromSnapshot)) {
    fail(500, `Linked clone feature is not supported for ${what}`);
  }
  if (full && fromSnapshot && !canCopySnapshot(cluster, volume)) {
    fail(500, `Full clone feature is not supported for ${what}`);
  }
}

function checkTarget(clone: Clone, copies: readonly Drive[]): void {
  const {context, node, storage} = clone;
  if (node === context.node) return;
  for (const drive of copies) {
    const source = findVolume(context.cluster, context.node, drive.file);
    const onto = storageNamed(context.cluster, storage ?? source?.storage ?? '');
    if (source?.node !== undefined || !onto.shared) {
      fail(500, `can't clone VM to node '${node}' (VM uses local storage)`);
    }
  }
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
    act(() => {
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
        findVolume(cluster, node, drive.file) ?? fail(500, `volume '${drive.file}' does not exist`);
      const linked = !full && !isCloudInit(drive);
      job.log(`create ${linked ? 'linked' : 'full'} clone of drive ${drive.key} (${drive.file})`);
      const volume = linked ? link(job, clone, source) : copy(job, clone, drive, source);
      const options = {size: formatSize(volume.sizeBytes), format: undefined};
      made.set(drive.key, printDrive(withOptions(withFile(drive, volume.volid), options)));
      if (linked || isCloudInit(drive)) return [];
      return [
        pause(copyMs(cluster, volume.storage, volume.sizeBytes)),
        act(() => {
          for (const line of transferLog(volume.sizeBytes)) job.log(line);
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
    if (/^unused\d+$/.test(key)) continue;
    if (key !== 'description' && notCopied.has(key)) continue;
    const isNet = isNetKey(key);
    const value = isNet
      ? withNewMac(key, text, random, macPrefix(cluster))
      : (made.get(key) ?? text);
    config.set(key, value);
  }
  config.set('smbios1', freshSmbios(random, section.get('smbios1')));
  if (section.has('vmgenid')) config.set('vmgenid', randomUuid(random));
  config.set('name', params['name'] ?? `Copy-of-VM-${section.get('name') ?? source.vmid}`);
  const description = params['description']?.trimEnd();
  if (description === '') config.delete('description');
  else if (description !== undefined) config.set('description', description);
  return config;
}

/** A CD drive with an ISO or nothing is taken over as it is. */
function isPlainCd(drive: Drive): boolean {
  return isCdrom(drive) && !isCloudInit(drive);
}
