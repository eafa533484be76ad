// Why this exists: a new guest: what is checked before the worker, what the worker makes, and what
// Proxmox adds on its own (facts.md section 7, recording 03).
import {after} from '../clock.ts';
import {fail, forbid} from '../failure.ts';
import {qemuLockFile} from '../flock.ts';
import {may, require403} from '../permission.ts';
import {randomUuid} from '../random.ts';
import type {Context, Reply} from '../route.ts';
import {data, flag} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {findVolume, free} from '../volume.ts';
import type {Request} from './access-checks.ts';
import {
  checkedDrive,
  requireBridge,
  requireDriveStorage,
  requireKeyPrivileges,
  requireOtherStorage,
} from './access-checks.ts';
import {requireDevice} from './device-access.ts';
import {defaultBootDevices, isSoundDrive, parseDrive, printBootOrder, printDrive} from './drive.ts';
import {driveWriteMs, writeDrive} from './drive-write.ts';
import {emptyGuest, saveGuest} from './guest-file.ts';
import {assertClipboard, assertMachine, assertNoEmptySlot} from './hardware-rules.ts';
import {isDriveKey, isNetKey, keyFacts} from './keys.ts';
import {normaliseNet} from './net.ts';
import {
  checkSshKeys,
  clampCpuUnits,
  isWindows,
  macPrefix,
  pinnedMachine,
  replaceSmp,
  storedText,
} from './normalise.ts';
import {parseProperties, printProperties} from './property-string.ts';
import {restoreGuest} from './restore.ts';
import {qemuVersion} from './runtime.ts';
import {startStages} from './start.ts';
import {requireVolumeAccess} from './volume-access.ts';
import type {Job} from './volumes.ts';
import {act, forkFor, jobOf, pause} from './worker.ts';

/** POST /nodes/{node}/qemu. */
export function createGuest(context: Context): Reply {
  if (context.params['archive'] !== undefined) {
    return restoreGuest(context, settings(context));
  }
  const vmid = Number(context.params['vmid']);
  const pool = context.params['pool'];
  const request: Request = {context, vmid, pool};
  const sshKeys = context.params['sshkeys'];
  if (sshKeys !== undefined) checkSshKeys(sshKeys);
  if (pool !== undefined && !context.cluster.pools.has(pool)) {
    forbid(`pool '${pool}' does not exist`);
  }
  const {storage} = context.params;
  if (storage !== undefined) {
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  }
  if (!mayAllocate(request)) forbid();
  const wanted = settings(context);
  checkCreate(request, wanted);
  reserve(context, vmid);
  const guest = emptyGuest(vmid, context.node);
  guest.config.set('lock', 'create');
  context.cluster.guests.set(vmid, guest);
  recordEffect(context.cluster, 'create', vmid, 'reserved');
  return data(forkFor(context, 'qmcreate', vmid, createStages(context, guest, wanted)));
}

/** Whether the caller may create a guest of that id, or in that pool. */
function mayAllocate({context, vmid, pool}: Request): boolean {
  const inPool = pool !== undefined && may(context, `/pool/${pool}`, ['VM.Allocate']);
  return inPool || may(context, `/vms/${vmid}`, ['VM.Allocate']);
}

/** 500 `unable to create VM 100 - VM 100 already exists on node 'n'` when the id is taken. */
function reserve(context: Context, vmid: number): void {
  const other = context.cluster.guests.get(vmid);
  if (other === undefined) return;
  const kind = other.kind === 'qemu' ? 'VM' : 'CT';
  fail(500, `unable to create VM ${vmid} - ${kind} ${vmid} already exists on node '${other.node}'`);
}

/** The parameters that are configuration keys, cards with their MAC, `cdrom` as ide2. */
function settings(context: Context): Map<string, string> {
  const {params, cluster} = context;
  const wanted = new Map<string, string>();
  for (const [name, value] of Object.entries(params)) {
    const key = name === 'cdrom' ? 'ide2' : name;
    if (keyFacts(key) === undefined || key === 'digest') continue;
    const text = name === 'cdrom' && !/media=/.test(value) ? `${value},media=cdrom` : value;
    const isNet = isNetKey(key);
    if (key === 'cpuunits') {
      wanted.set(key, clampCpuUnits(value));
      continue;
    }
    wanted.set(key, isNet ? normaliseNet(key, text, cluster.random, macPrefix(cluster)) : text);
  }
  return wanted;
}

function checkCreate(request: Request, wanted: Map<string, string>): void {
  const drives = [...wanted].filter(([key]) => isDriveKey(key)).sort();
  for (const [key, text] of drives) {
    const drive = parseDrive(key, text);
    // At this point nobody has yet taken `cdrom` alone for a medium.
    const isPath = drive.file === 'cdrom' && !parseProperties(key, text).has('media');
    if (isPath) requireVolumeAccess(request, drive.file);
    else if (isSoundDrive(drive))
      requireDriveStorage(request, drive, request.context.params['storage']);
  }
  requireOtherStorage(request, wanted);
  requireKeyPrivileges(request, [...wanted.keys()]);
  for (const kind of ['serial', 'usb', 'hostpci', 'rng', 'virtiofs']) {
    for (const [key, text] of wanted) {
      if (key.startsWith(kind)) requireDevice(request, key, text, 'set');
    }
  }
  for (const [key, text] of [...wanted].sort()) requireBridge(request, key, text);
  for (const [key, text] of drives) {
    wanted.set(key, printDrive(checkedDrive(request, key, text)));
  }
}

function createStages(
  context: Context,
  guest: QemuGuest,
  wanted: ReadonlyMap<string, string>,
): readonly Stage[] {
  const {cluster, node} = context;
  const {vmid} = guest;
  const quiet: Job = {cluster, node, log: () => {}};
  const drives = [...wanted].filter(([key]) => isDriveKey(key));
  const ms = drives.reduce((sum, [key, text]) => sum + driveWriteMs(quiet, key, text), 0);
  return [
    {kind: 'undo', run: () => removeReserved(context, guest)},
    {kind: 'lock', file: qemuLockFile(vmid), waitMs: 1_000},
    pause(150 + ms),
    act((worker) => {
      const job = jobOf(context, worker);
      fill(job, guest, wanted, context.params['storage']);
      joinPool(context, vmid);
      if (flag(context, 'ha-managed')) addToHa(context, vmid, worker);
    }),
    act((worker) => {
      if (!flag(context, 'start')) return;
      worker.log('Execute autostart');
      after(cluster, 0, () => forkFor(context, 'qmstart', vmid, startStages(context, vmid)));
    }),
  ];
}

/** Since 9.0 a new guest can be put under HA by the same call. */
function addToHa({cluster, params}: Context, vmid: number, worker: Worker): void {
  worker.log('Add as HA resource');
  const state = params['start'] === '1' ? 'started' : 'stopped';
  const resources = cluster.sections.get('ha-resources') ?? new Map<string, Map<string, string>>();
  resources.set(
    `vm:${vmid}`,
    new Map([
      ['type', 'vm'],
      ['state', state],
    ]),
  );
  cluster.sections.set('ha-resources', resources);
}

function removeReserved(context: Context, guest: QemuGuest): void {
  if (context.cluster.guests.get(guest.vmid) !== guest) return;
  context.cluster.guests.delete(guest.vmid);
  recordEffect(context.cluster, 'destroy', guest.vmid, 'create failed');
}

/** Put a guest that was created or cloned into the pool of the request. */
export function joinPool(context: Context, vmid: number): void {
  const pool = context.params['pool'];
  if (pool === undefined) return;
  context.cluster.pools.get(pool)?.vms.add(vmid);
  recordEffect(context.cluster, 'pool', vmid, pool);
}

function fill(
  job: Job,
  guest: QemuGuest,
  wanted: ReadonlyMap<string, string>,
  storage: string | undefined,
): void {
  const config = new Map<string, string>();
  const created: string[] = [];
  try {
    writeDrives(job, guest.vmid, {config, wanted, storage, created});
    addDefaults(job, config, wanted);
    for (const [key, text] of wanted) if (!isDriveKey(key)) putValue(config, key, text);
    replaceSmp(config);
  } catch (error) {
    for (const volid of created) {
      if (findVolume(job.cluster, job.node, volid) !== undefined)
        free(job.cluster, job.node, volid);
    }
    const text = error instanceof Error ? error.message : String(error);
    fail(500, `unable to create VM ${guest.vmid} - ${text}`);
  }
  guest.config = config;
  saveGuest(job.cluster, guest, 'created');
}

/** A description of nothing is none, every other empty value is a blank; defaults stay. */
function putValue(config: Map<string, string>, key: string, text: string): void {
  const stored = storedText(key, text);
  if (stored !== '' && !config.has(key)) config.set(key, stored);
}

function writeDrives(
  job: Job,
  vmid: number,
  what: {
    readonly config: Map<string, string>;
    readonly wanted: ReadonlyMap<string, string>;
    readonly storage: string | undefined;
    readonly created: string[];
  },
): void {
  const {config, wanted, storage, created} = what;
  for (const key of [...wanted.keys()].filter(isDriveKey).sort()) {
    const text = wanted.get(key) ?? '';
    config.set(key, writeDrive(job, {vmid, key, text, sections: [config], created, storage}));
  }
  assertNoEmptySlot(config);
  const vga = wanted.get('vga');
  if (vga !== undefined) assertClipboard(vga);
  const machine = wanted.get('machine');
  if (machine !== undefined && machine !== '') {
    assertMachine(machine);
    config.set('machine', printProperties('machine', parseProperties('machine', machine)));
  }
}

function addDefaults(
  job: Job,
  config: Map<string, string>,
  wanted: ReadonlyMap<string, string>,
): void {
  const {cluster, node} = job;
  const version = qemuVersion(cluster);
  const devices = new Map([...wanted, ...config]);
  if (!wanted.get('boot')) config.set('boot', printBootOrder(defaultBootDevices(devices)));
  if (!wanted.get('smbios1')) config.set('smbios1', `uuid=${randomUuid(cluster.random)}`);
  if ((wanted.get('vmgenid') ?? '1') === '1' && wanted.get('arch') !== 'aarch64') {
    config.set('vmgenid', randomUuid(cluster.random));
  }
  if (isWindows(wanted.get('ostype'))) {
    const pinned = pinnedMachine(config.get('machine'), version.short);
    if (pinned !== undefined) {
      const type = parseProperties('machine', pinned).get('type');
      job.log(`pinning machine type to '${type}' for Windows guest OS`);
      config.set('machine', pinned);
    }
  }
  config.set('meta', `creation-qemu=${version.full},ctime=${nodeSeconds(cluster, node)}`);
}
