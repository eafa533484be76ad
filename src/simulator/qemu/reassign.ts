// Why this exists: a disk is given to another guest: both are checked before the worker and in it,
// the volume is renamed, and the receiver is written to as by any config write
// (PVE/API2/Qemu.pm, recording 05).
import {fail, paramError} from '../failure.ts';
import {assertUnlocked, assertUnmodified} from '../guest/file.ts';
import {require403} from '../permission.ts';
import type {Context, Reply} from '../route.ts';
import {data, integer, vmidOf} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import type {Stage} from '../task.ts';
import {parseVolid, renameVolume} from '../volume.ts';
import {requireOnGuest} from './access-checks.ts';
import {changeGuest} from './config-change.ts';
import {checkUpdate, readUpdate} from './config-update.ts';
import type {Drive} from './drive.ts';
import {
  isCdrom,
  isCloudInit,
  parseBootOrder,
  parseDrive,
  printBootOrder,
  printDrive,
  withFile,
} from './drive.ts';
import {isVolumeInUse} from './drive-detach.ts';
import {volumeHas} from './features.ts';
import {loadGuest, saveGuest} from './guest-file.ts';
import {keyFacts} from './keys.ts';
import type {Job} from './volumes.ts';
import {volumeNamed} from './volumes.ts';
import {act, forkFor, lockStages, pause, withGuest} from './worker.ts';

/** From where to where. */
interface Gift {
  readonly guest: QemuGuest;
  readonly receiver: QemuGuest;
  readonly drive: Drive;
  readonly targetKey: string;
}

/** POST move_disk with target-vmid. */
export function reassign(context: Context): Reply {
  const {params} = context;
  const vmid = vmidOf(context);
  const target = integer(context, 'target-vmid') ?? vmid;
  requireOnGuest({context, vmid: target}, ['VM.Config.Disk']);
  if (target === vmid) {
    paramError({'target-vmid': 'must be different than source VMID to reassign disk'});
  }
  const {drive, targetKey} = readGift(context, vmid, target);
  const storage = parseVolid(drive.file)?.storage ?? '';
  require403(context, `/storage/${storage}`, ['Datastore.AllocateSpace']);
  const id = `${vmid}-${params['disk']}>${target}-${targetKey}`;
  return data(
    forkFor(context, 'qmmove', id, [
      ...lockStages(context, vmid),
      ...lockStages(context, target),
      pause(100),
      withGuest(context, vmid, (_, job) => giveAway(context, job, target)),
    ]),
  );
}

function readGift(context: Context, vmid: number, target: number): Gift {
  const {cluster, node, params} = context;
  const key = params['disk'] ?? '';
  const targetKey = params['target-disk'] ?? key;
  const other = cluster.guests.get(target) ?? fail(500, `could not find target VM ${target}`);
  if (other.node !== node) {
    fail(500, `Both VMs need to be on the same node (${node} != ${other.node})`);
  }
  const guest = loadGuest(cluster, node, vmid);
  assertUnlocked(guest);
  const receiver = loadGuest(cluster, node, target);
  assertUnlocked(receiver);
  if ([guest, receiver].some(({config}) => config.get('template') === '1')) {
    fail(500, "Can't move disks from or to template VMs");
  }
  assertUnmodified(guest, params['digest'], `VM ${vmid}: `);
  assertUnmodified(receiver, params['target-digest'], `VM ${target}: `);
  const missing = `Disk '${key}' for VM '${vmid}' does not exist`;
  const drive = parseDrive(key, guest.config.get(key) ?? fail(500, missing));
  if (receiver.config.has(targetKey)) {
    fail(500, `Target disk key '${targetKey}' is already in use for VM '${target}'`);
  }
  assertGivable(context, guest, drive);
  assertFits(targetKey, drive);
  return {guest, receiver, drive, targetKey};
}

const geometry = new Set(['cyls', 'heads', 'secs', 'trans']);

/** Not every bus knows what another lets be said of a disk: virtio has no `ssd`. */
function assertFits(targetKey: string, drive: Drive): void {
  const known = keyFacts(targetKey)?.properties;
  if (known === undefined || targetKey.startsWith('unused')) return;
  const strange = [...drive.options.keys()].filter(
    (name) => known[name] === undefined && !geometry.has(name),
  );
  if (strange.length === 0) return;
  const why = 'property is not defined in schema and the schema does not allow additional';
  const lines = strange.map((name) => `${name}: ${why} properties\n`).join('');
  fail(500, `failed to parse source disk for target disk format - format error\n${lines}`);
}

function assertGivable({cluster}: Context, guest: QemuGuest, drive: Drive): void {
  const {key, file} = drive;
  if (isCdrom(drive) && !isCloudInit(drive)) {
    fail(500, "CD drive contents can't be moved to another VM");
  }
  if (parseVolid(file) === undefined) fail(500, `Volume '${file}' not managed by PVE`);
  if (isVolumeInUse(guest, key, file)) {
    fail(500, "Can't move disk used by a snapshot to another VM");
  }
  if (!volumeHas(cluster, file, 'rename')) {
    fail(500, 'Storage does not support moving of this disk to another VM');
  }
  if (guest.runtime !== undefined && !key.startsWith('unused')) {
    fail(500, 'Cannot move disk to another VM while the source VM is running - detach first');
  }
}

function giveAway(context: Context, job: Job, target: number): readonly Stage[] {
  const {cluster, node} = job;
  const vmid = vmidOf(context);
  const {guest, receiver, drive, targetKey} = readGift(context, vmid, target);
  const {key} = drive;
  job.log(`moving disk '${key}' from VM '${vmid}' to '${target}'`);
  const volume = volumeNamed(cluster, node, drive.file);
  const {volid} = renameVolume(cluster, volume, {node, vmid: target});
  const order = parseBootOrder(guest.config.get('boot'));
  if (order.includes(key)) {
    job.log(`removing disk '${key}' from boot order config`);
    guest.config.set('boot', printBootOrder(order.filter((device) => device !== key)));
  }
  guest.config.delete(key);
  job.log(`removing disk '${key}' from VM '${vmid}' config`);
  saveGuest(cluster, guest, `${key} reassigned to ${target}`);
  if (targetKey.startsWith('unused')) {
    receiver.config.set(targetKey, volid);
    saveGuest(cluster, receiver, `${targetKey} received from ${vmid}`);
    return [];
  }
  const value = printDrive({...withFile(drive, volid), key: targetKey});
  const update = readUpdate({...context, params: {[targetKey]: value}}, target);
  checkUpdate(receiver, update);
  job.log(`update VM ${target}: ${update.summary}`);
  const change = changeGuest(job, receiver, update);
  return [pause(change.ms), act(() => change.finish())];
}
