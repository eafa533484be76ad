// Why this exists: a guest moves to another node, running or not, with local disks or without. What
// the call refuses is an HTTP error; what the worker finds ends as `migration aborted` with the
// reason in the log (PVE/API2/Qemu.pm, PVE/AbstractMigrate.pm, PVE/QemuMigrate.pm).
import {logDate} from '../backup/report.ts';
import {ApiFailure, fail, paramError} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import {require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, route, splitList, vmidOf} from '../route.ts';
import {mapProblem} from '../schema/guest-formats.ts';
import type {QemuGuest, Volume} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {parseVolid, put, requireStorage} from '../volume.ts';
import {requireOnGuest} from './access-checks.ts';
import {parseDrive, printDrive, withFile} from './drive.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import {isManaged, requestHa} from './ha.ts';
import {isDriveKey} from './keys.ts';
import {missingMappings, movesAlive} from './mappings.ts';
import {assertContent, assertStorages, localResources, precheck} from './migrate-check.ts';
import type {Moving} from './migrate-volumes.ts';
import {mapStorage, scanVolumes} from './migrate-volumes.ts';
import {parseProperties} from './property-string.ts';
import {volumeUses} from './volume-uses.ts';
import type {Job} from './volumes.ts';
import {copyMs, storageNamed} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

const base = '/nodes/{node}/qemu/{vmid}';
const rootOnly = ['force', 'migration_type', 'migration_network'];

/** POST migrate; also what migrateall calls for each guest. */
export function migrateOne(context: Context): Reply {
  const {cluster, node, params} = context;
  const vmid = vmidOf(context);
  const target = params['target'] ?? '';
  if (target === node) paramError({target: 'target is local node.'});
  if (cluster.nodes.get(target)?.listed !== true) fail(500, `no such cluster node '${target}'`);
  for (const name of rootOnly) {
    const isSet = params[name] !== undefined && params[name] !== '0';
    if (isSet && !context.auth.isRoot) paramError({[name]: 'Only root may use this option.'});
  }
  const guest = loadGuest(cluster, node, vmid);
  assertUnlocked(guest);
  if (guest.runtime !== undefined && !flag(context, 'online')) {
    fail(500, "can't migrate running VM without --online");
  }
  checkMap(context, guest, target);
  if (isManaged(cluster, vmid)) {
    return requestHa(context, {
      type: 'hamigrate',
      what: `HA migration for VM ${vmid} to node ${target}`,
      workerType: 'qmigrate',
      stages: (manager) => workerStages(manager),
    });
  }
  return data(forkFor(context, 'qmigrate', vmid, workerStages(context)));
}

/** Rights on the storages that a map names, and that they are there on the target. */
function checkMap(context: Context, guest: QemuGuest, target: string): void {
  const {cluster, params} = context;
  const map = params['targetstorage'];
  if (map === undefined || map === '') {
    assertStorages(cluster, guest, target);
    return;
  }
  const problem = mapProblem(map);
  if (problem !== undefined) {
    paramError({targetstorage: `failed to parse storage map: ${problem}`});
  }
  const entries = splitList(map);
  if (entries.includes('1')) {
    assertStorages(cluster, guest, target);
    return;
  }
  requireOnGuest({context, vmid: guest.vmid}, ['VM.Config.Disk']);
  const named = [...entries.filter((one) => one.includes(':')), ...entries];
  for (const storage of new Set(named.map((entry) => entry.split(':').at(-1) ?? entry))) {
    const definition = requireStorage(cluster, storage, target);
    require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
    if (!definition.content.has('images')) {
      fail(500, `storage '${storage}' does not support vm images`);
    }
  }
}

function workerStages(context: Context): readonly Stage[] {
  const vmid = vmidOf(context);
  return [
    ...lockStages(context, vmid),
    withGuest(context, vmid, (guest, job) => {
      const timed: Job = {...job, log: (line) => job.log(`${stamp(job)} ${line}`)};
      try {
        return migrateStages(context, guest, timed);
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        timed.log(`ERROR: migration aborted (duration 00:00:00): ${error.message}`);
        return fail(500, 'migration aborted');
      }
    }),
  ];
}

function stamp({cluster, node}: Job): string {
  return logDate(nodeSeconds(cluster, node));
}

function migrateStages(context: Context, guest: QemuGuest, job: Job): readonly Stage[] {
  const {cluster, params} = context;
  const target = params['target'] ?? '';
  const isOnline = guest.runtime !== undefined;
  prepare(context, guest, job);
  const address = cluster.nodes.get(target)?.ip ?? '';
  job.log(`starting migration of VM ${guest.vmid} to node '${target}' (${address})`);
  const map = params['targetstorage'];
  const heading = {target, map, withLocalDisks: flag(context, 'with-local-disks')};
  const moving = scanVolumes(job, guest, heading);
  guest.config.set('lock', 'migrate');
  saveGuest(cluster, guest, `migration to ${target} begins`);
  if (moving.length > 0 && !isOnline) job.log('copying local disk images');
  const copyTimeMs = moving.reduce(
    (sum, {storage, volume}) => sum + copyMs(cluster, storage, volume.sizeBytes),
    0,
  );
  const startedS = nodeSeconds(cluster, job.node);
  const made: string[] = [];
  return [
    {kind: 'undo', run: () => abandon(job, guest, made)},
    pause((isOnline ? 3_000 : 1_000) + copyTimeMs),
    act(() => {
      const sources = moving.map((one) => copyVolume(job, guest, one, {target, made}));
      for (const {volid} of sources) cluster.volumes.delete(`${job.node}/${volid}`);
      made.length = 0;
      guest.config.delete('lock');
      guest.node = target;
      recordEffect(cluster, 'migrate', guest.vmid, `${job.node} -> ${target}`);
      saveGuest(cluster, guest, `migrated to ${target}`);
      const seconds = nodeSeconds(cluster, job.node) - startedS;
      const duration = new Date(seconds * 1000).toISOString().slice(11, 19);
      job.log(`migration finished successfully (duration ${duration})`);
    }),
  ];
}

/** What is asked before anything is copied. */
function prepare(context: Context, guest: QemuGuest, job: Job): void {
  const {cluster, params} = context;
  const target = params['target'] ?? '';
  assertUnlocked(guest);
  const {local, mapped} = localResources(guest);
  const blocking = local.filter((key) => !mapped.has(key));
  if (blocking.length > 0 && !flag(context, 'force')) {
    fail(500, `can't migrate VM which uses local devices: ${blocking.join(', ')}`);
  }
  const lacking = missingMappings(cluster, mapped, target);
  if (lacking.length > 0) {
    fail(500, `can't migrate to '${target}': missing mapped devices ${lacking.join(', ')}`);
  }
  const stuck = [...mapped].filter(([key, name]) => !movesAlive(cluster, key, name));
  if (guest.runtime !== undefined && stuck.length > 0) {
    const names = stuck.map(([key, name]) => `${key}:${name}`).sort();
    const what = 'running VM which uses following mapped devices';
    fail(500, `can't live migrate ${what}: ${names.join(', ')}`);
  }
  const vga = parseProperties('vga', guest.config.get('vga') ?? '');
  if (guest.runtime !== undefined && vga.get('clipboard') === 'vnc') {
    fail(500, "VMs with 'clipboard' set to 'vnc' are not live migratable!");
  }
  for (const {volid} of volumeUses(guest).values()) {
    const parts = parseVolid(volid);
    if (parts === undefined) continue;
    const source = requireStorage(cluster, parts.storage, job.node);
    const map = params['targetstorage'];
    const storage = source.shared ? parts.storage : mapStorage(map, parts.storage);
    assertContent(requireStorage(cluster, storage, target).content, volid, storage);
  }
  if (cluster.nodes.get(target)?.online !== true) {
    fail(500, "Can't connect to destination address using public key");
  }
  const bridge = guest.runtime === undefined ? undefined : missingBridge(context, guest);
  if (bridge !== undefined) fail(500, `bridge '${bridge}' does not exist`);
}

/** The bridge that a running guest would not find on the target. */
function missingBridge({cluster, params}: Context, guest: QemuGuest): string | undefined {
  const bridges = cluster.nodes.get(params['target'] ?? '')?.bridges;
  const cards = [...guest.config].filter(([key]) => /^net\d+$/.test(key));
  return cards
    .map(([key, text]) => parseProperties(key, text).get('bridge'))
    .find((bridge) => bridge !== undefined && bridges?.has(bridge) === false);
}

function abandon(job: Job, guest: QemuGuest, made: readonly string[]): void {
  for (const key of made) job.cluster.volumes.delete(key);
  guest.config.delete('lock');
  saveGuest(job.cluster, guest, 'migration aborted');
}

function copyVolume(
  job: Job,
  guest: QemuGuest,
  {volume, storage}: Moving,
  move: {readonly target: string; readonly made: string[]},
): Volume {
  const volid = `${storage}:${volume.volid.slice(volume.storage.length + 1)}`;
  const node = storageNamed(job.cluster, storage).shared ? undefined : move.target;
  put(job.cluster, {...volume, volid, storage, node});
  move.made.push(`${node ?? ''}/${volid}`);
  recordEffect(job.cluster, 'allocate', guest.vmid, `${volid} on ${move.target}`);
  job.log(`volume '${volume.volid}' is '${volid}' on the target`);
  for (const section of [guest.config, guest.pending, ...guest.snapshots.values()]) {
    rename(section, volume.volid, volid);
  }
  return volume;
}

function rename(section: Map<string, string>, from: string, to: string): void {
  for (const [key, text] of section) {
    if (text === from) section.set(key, to);
    else if (isDriveKey(key)) {
      const drive = parseDrive(key, text);
      if (drive.file === from) section.set(key, printDrive(withFile(drive, to)));
    }
  }
}

/** POST remote_migrate: there is no other cluster to be reached. */
function migrateRemotely(context: Context): Reply {
  const {cluster, node, params} = context;
  const guest = loadGuest(cluster, node, vmidOf(context));
  assertUnlocked(guest);
  if (isManaged(cluster, guest.vmid)) {
    paramError({vmid: 'cannot migrate HA-managed VM to remote cluster'});
  }
  const parts = (params['target-endpoint'] ?? '').split(',').map((part) => part.split('='));
  const {host, port = '8006'} = Object.fromEntries(parts);
  return fail(500, `500 Can't connect to ${host}:${port} (Connection refused)`);
}

/** The migration endpoints. */
export const migrateRoutes: readonly Route[] = [
  route('GET', `${base}/migrate`, precheck),
  route('POST', `${base}/migrate`, migrateOne),
  route('POST', `${base}/remote_migrate`, migrateRemotely),
];
