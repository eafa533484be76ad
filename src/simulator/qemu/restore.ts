// Why this exists: a guest made from a backup: what the call refuses, what its worker checks, and
// what a failure leaves behind (create_vm with `archive` in PVE/API2/Qemu.pm, recording 13).
import type {Archive} from '../backup/archive.ts';
import {archiveOf} from '../backup/archive.ts';
import {fail, forbid, paramError} from '../failure.ts';
import {qemuLockFile} from '../flock.ts';
import {assertUnprotected} from '../guest/file.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume, parseVolid} from '../volume.ts';
import type {Request} from './access-checks.ts';
import {requireBridge, requireKeyPrivileges, requireOtherStorage} from './access-checks.ts';
import {requireDevice, requireMappings} from './device-access.ts';
import {extract, mergedConfig} from './extract.ts';
import {emptyGuest, saveGuest} from './guest-file.ts';
import {isDriveKey} from './keys.ts';
import {checkSshKeys} from './normalise.ts';
import {startStages} from './start.ts';
import {makeBases} from './template.ts';
import {requireVolumeAccess} from './volume-access.ts';
import {volumePath} from './volumes.ts';
import {act, forkFor, jobOf, pause} from './worker.ts';

/** The keys of a call that are configuration and override the archive's. */
export type Overrides = ReadonlyMap<string, string>;

/** One restore, everything read. */
export interface Restore {
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
  const request: Request = {context, vmid, pool: params['pool']};
  if (params['sshkeys'] !== undefined) checkSshKeys(params['sshkeys']);
  requireRights(request);
  const drive = [...overrides.keys()].filter(isDriveKey).sort()[0];
  if (drive !== undefined) paramError({[drive]: "option conflicts with option 'archive'"});
  const archive = readArchive(request, volid);
  requireOverrides(request, overrides);
  const guest = reserve(context, vmid);
  guest.config.set('lock', 'create');
  saveGuest(cluster, guest, 'restore begins');
  const restore: Restore = {context, vmid, volid, archive, overrides};
  return data(forkFor({...context, node}, 'qmrestore', vmid, stages(restore, guest)));
}

function requireRights(request: Request): void {
  const {context, vmid, pool} = request;
  const {cluster, params} = context;
  if (pool !== undefined && !cluster.pools.has(pool)) forbid(`pool '${pool}' does not exist`);
  const {storage} = params;
  if (storage !== undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  }
  if (may(context, `/vms/${vmid}`, ['VM.Allocate'])) return;
  if (pool !== undefined && may(context, `/pool/${pool}`, ['VM.Allocate'])) return;
  const isOver = flag(context, 'force') && cluster.guests.get(vmid)?.node === context.node;
  if (!isOver || !may(context, `/vms/${vmid}`, ['VM.Backup'])) forbid();
}

function readArchive(request: Request, volid: string): Archive {
  const {cluster, node} = request.context;
  if (volid === '-') fail(500, 'pipe requires cli environment');
  const parts = parseVolid(volid);
  requireVolumeAccess(request, volid, 'backup');
  if (parts === undefined) fail(500, `can't find file '${volid}'`);
  return (
    archiveOf(findVolume(cluster, node, volid)) ?? fail(500, `volume '${volid}' does not exist`)
  );
}

function requireOverrides(request: Request, overrides: Overrides): void {
  requireOtherStorage(request, overrides);
  requireKeyPrivileges(request, [...overrides.keys()]);
  for (const [key, text] of overrides) requireDevice(request, key, text, 'set');
  for (const [key, text] of [...overrides].sort()) requireBridge(request, key, text);
}

/** The guest that is overwritten, or a new one that holds the id; 500 when it cannot be had. */
function reserve(context: Context, vmid: number): QemuGuest {
  const {cluster, node} = context;
  const head = `unable to restore VM ${vmid} -`;
  const other = cluster.guests.get(vmid);
  if (other === undefined) {
    const guest = emptyGuest(vmid, node);
    cluster.guests.set(vmid, guest);
    recordEffect(cluster, 'create', vmid, 'reserved');
    return guest;
  }
  const isOwn = other.kind === 'qemu' && other.node === node;
  if (other.kind !== 'qemu' || !isOwn || !flag(context, 'force')) {
    const kind = other.kind === 'qemu' ? 'VM' : 'CT';
    return fail(500, `${head} ${kind} ${vmid} already exists on node '${other.node}'`);
  }
  const lock = other.config.get('lock');
  if (lock !== undefined) fail(500, `${head} VM is locked (${lock})`);
  return other;
}

/** A tar is taken for an old archive of a machine; a container's is none. */
function assertOwnArchive({context, volid, overrides}: Restore, head: string): void {
  if (!/\.tar(\.\w+)?$/.test(volid)) return;
  if (overrides.size > 0) {
    const keys = [...overrides.keys()].join(' ');
    fail(500, `${head} cannot pass along options (${keys}) when restoring from tar archive`);
  }
  const path = volumePath(context.cluster, volid).replace('/backup/', '/dump/');
  fail(500, `${head} ERROR: file '${path}' does not look like a QemuServer vzdump backup`);
}

function stages(restore: Restore, guest: QemuGuest): readonly Stage[] {
  const {context, vmid} = restore;
  const {cluster} = context;
  const head = `unable to restore VM ${vmid} -`;
  let isDataThere = false;
  return [
    {
      kind: 'undo',
      run: ({log}) => {
        guest.config.delete('lock');
        saveGuest(cluster, guest, 'restore failed');
        log(isDataThere ? afterData(vmid) : beforeData(vmid));
      },
    },
    act(() => {
      assertUnprotected(guest, head);
      if (guest.runtime !== undefined) fail(500, `${head} vm is running`);
    }),
    {kind: 'lock', file: qemuLockFile(vmid), waitMs: 1_000},
    act(() => assertOwnArchive(restore, head)),
    act(() => {
      const merged = mergedConfig(restore);
      const request: Request = {context, vmid, pool: context.params['pool']};
      for (const [key, text] of [...merged].sort()) requireBridge(request, key, text);
      requireMappings(request, merged);
      if (flag(context, 'live-restore')) {
        const only = 'only compatible with backup images from a Proxmox Backup Server';
        fail(500, `live-restore is ${only}`);
      }
    }),
    pause(300),
    act((worker) => {
      const job = jobOf(context, worker);
      extract(restore, job, guest);
      isDataThere = true;
      if (guest.config.get('template') !== '1') return;
      job.log('Convert to template.');
      makeBases(job, guest, undefined);
      saveGuest(cluster, guest, 'template');
    }),
    act((worker) => {
      if (!flag(context, 'start')) return;
      worker.log('Execute autostart');
      forkFor(context, 'qmstart', vmid, startStages(context, vmid));
    }),
  ];
}

function beforeData(vmid: number): string {
  const some = 'some or all disks were not completely restored.';
  return `error before or during data restore, ${some} VM ${vmid} state is NOT cleaned up.`;
}

function afterData(vmid: number): string {
  const may = 'VM disks should be OK but config may require adaptions.';
  return `error after data was restored, ${may} VM ${vmid} state is NOT cleaned up.`;
}
