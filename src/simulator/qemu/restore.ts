// Why this exists: a guest made from a backup: new or over an existing one, with the archive's
// configuration, some keys of the call, and new identities where asked for (facts.md section 12).
import type {Archive} from '../backup/archive.ts';
import {archiveOf, isArchiveName} from '../backup/archive.ts';
import {fail} from '../failure.ts';
import {qemuLockFile} from '../flock.ts';
import {may, require403} from '../permission.ts';
import {randomMac, randomUuid} from '../random.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume, free, parseVolid} from '../volume.ts';
import {emptyGuest, saveGuest} from './guest-file.ts';
import {isDriveKey, isNetKey} from './keys.ts';
import {macPrefix, storedText} from './normalise.ts';
import {startStages} from './power.ts';
import {formatSize} from './size.ts';
import type {Job} from './volumes.ts';
import {allocateImage, volumePath} from './volumes.ts';
import {act, forkFor, jobOf, pause} from './worker.ts';

/** The keys of a call that are configuration and override the archive's. */
export type Overrides = ReadonlyMap<string, string>;

interface Restore {
  readonly context: Context;
  readonly vmid: number;
  readonly volid: string;
  readonly archive: Archive;
  readonly overrides: Overrides;
}

/** POST /nodes/{node}/qemu with an archive. */
export function restoreGuest(context: Context, overrides: Overrides): Reply {
  const {cluster, node, params} = context;
  const vmid = Number(params['vmid']);
  const volid = params['archive'] ?? '';
  requireRights(context, vmid);
  const other = cluster.guests.get(vmid);
  if (other !== undefined && !flag(context, 'force')) {
    const taken = `VM ${vmid} already exists on node '${other.node}'`;
    fail(500, `unable to restore VM ${vmid} - ${taken}`);
  }
  if (!isArchiveName(volid)) {
    fail(500, `unable to parse directory volume name '${parseVolid(volid)?.name ?? volid}'`);
  }
  const archive = archiveOf(findVolume(cluster, node, volid));
  if (archive === undefined) return fail(500, `volume '${volid}' does not exist`);
  const restore: Restore = {context, vmid, volid, archive, overrides};
  if (other === undefined) {
    const guest = emptyGuest(vmid, node);
    guest.config.set('lock', 'create');
    cluster.guests.set(vmid, guest);
    recordEffect(cluster, 'create', vmid, 'reserved');
  }
  return data(forkFor(context, 'qmrestore', vmid, stages(restore, other === undefined)));
}

function requireRights(context: Context, vmid: number): void {
  const pool = context.params['pool'];
  const inPool = pool !== undefined && may(context, `/pool/${pool}`, ['VM.Allocate']);
  const overOwn = context.cluster.guests.has(vmid) && may(context, `/vms/${vmid}`, ['VM.Backup']);
  if (!inPool && !overOwn) require403(context, `/vms/${vmid}`, ['VM.Allocate']);
  const storage = context.params['storage'];
  if (storage !== undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  }
}

function stages(restore: Restore, isNew: boolean): readonly Stage[] {
  const {context, vmid} = restore;
  const {cluster} = context;
  return [
    {kind: 'undo', run: () => (isNew ? cluster.guests.delete(vmid) : undefined)},
    {kind: 'lock', file: qemuLockFile(vmid), waitMs: 1_000},
    act((worker) => {
      if (cluster.guests.get(vmid)?.runtime === undefined) return;
      const some = 'some or all disks were not completely restored.';
      const left = `VM ${vmid} state is NOT cleaned up.`;
      worker.log(`error before or during data restore, ${some} ${left}`);
      fail(500, `unable to restore VM ${vmid} - vm is running`);
    }),
    pause(300),
    act((worker) => {
      extract(restore, jobOf(context, worker));
    }),
    act((worker) => {
      if (!flag(context, 'start')) return;
      worker.log('Execute autostart');
      forkFor(context, 'qmstart', vmid, startStages(context, vmid));
    }),
  ];
}

function extract(restore: Restore, job: Job): void {
  const {context, vmid, volid, archive} = restore;
  const {cluster, node} = context;
  const guest = cluster.guests.get(vmid);
  if (guest?.kind !== 'qemu') return fail(500, `unable to restore VM ${vmid} - guest is gone`);
  const pipe = `/var/tmp/vzdumptmp${cluster.nodes.get(node)?.nextPid ?? 0}`;
  const path = volumePath(cluster, volid).replace('/backup/', '/dump/');
  job.log(`restore vma archive: vma extract -v -r ${pipe}.fifo ${path} ${pipe}`);
  job.log('CFG: size: 337 name: qemu-server.conf');
  archive.disks.forEach(({key, sizeBytes}, index) => {
    job.log(`DEV: dev_id=${index + 1} size: ${sizeBytes} devname: drive-${key}`);
  });
  job.log(`CTIME: ${ctimeText(findVolume(cluster, node, volid)?.ctimeS ?? 0)}`);
  destroyOld(job, guest);
  const config = newConfig(restore);
  restoreDisks(restore, job, config);
  guest.config = config;
  guest.pending.clear();
  guest.pendingDelete.clear();
  guest.snapshots.clear();
  saveGuest(cluster, guest, `restored from ${volid}`);
  const pool = context.params['pool'];
  if (pool !== undefined) cluster.pools.get(pool)?.vms.add(vmid);
}

function ctimeText(atS: number): string {
  const [, weekday, day = '', month, year, time] =
    /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date(atS * 1000).toUTCString()) ?? [];
  return `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
}

function destroyOld(job: Job, guest: QemuGuest): void {
  for (const [key, text] of guest.config) {
    const volid = text.split(',')[0] ?? '';
    const volume = findVolume(job.cluster, job.node, volid);
    const isOwn = volume?.vmid === guest.vmid && volume.content === 'images';
    if (isOwn && (isDriveKey(key) || key.startsWith('unused'))) free(job.cluster, job.node, volid);
  }
}

function newConfig({context, archive, overrides}: Restore): Map<string, string> {
  const {cluster} = context;
  const config = new Map(archive.config);
  config.set('vmgenid', randomUuid(cluster.random));
  for (const [key, text] of archive.config) {
    if (!flag(context, 'unique')) break;
    if (isNetKey(key)) {
      const mac = randomMac(cluster.random, macPrefix(cluster));
      config.set(key, text.replace(/([0-9a-f]{2}:){5}[0-9a-f]{2}/i, mac));
    }
    if (key === 'smbios1') {
      config.set(key, text.replace(/uuid=[^,]+/, `uuid=${randomUuid(cluster.random)}`));
    }
  }
  for (const [key, text] of overrides) config.set(key, storedText(key, text));
  return config;
}

function restoreDisks(restore: Restore, job: Job, config: Map<string, string>): void {
  const {archive, vmid, context} = restore;
  let total = 0;
  for (const disk of archive.disks) {
    const storage = context.params['storage'] ?? disk.storage;
    const {format, sizeBytes, key} = disk;
    const volume = allocateImage(job, {storage, vmid, format, sizeBytes});
    job.log(`new volume ID is '${volume.volid}'`);
    const path = volumePath(job.cluster, volume.volid);
    job.log(`map 'drive-${key}' to '${path}' (write zeros = 0)`);
    const [, ...options] = (config.get(key) ?? '').split(',');
    const rest = options.filter((option) => !option.startsWith('size='));
    const parts = [...rest, `size=${formatSize(sizeBytes)}`].sort();
    config.set(key, [volume.volid, ...parts].join(','));
    total += sizeBytes;
  }
  job.log(`total bytes read ${total}, sparse bytes ${total} (100%)`);
  job.log('rescan volumes...');
}
