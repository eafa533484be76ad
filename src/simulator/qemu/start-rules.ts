// Why this exists: what is refused or warned about when QEMU's command line is made, before QEMU is
// run at all (config_to_command in PVE/QemuServer.pm, PVE/QemuServer/Memory.pm).
import {fail} from '../failure.ts';
import type {QemuGuest} from '../state.ts';
import type {Worker} from '../task.ts';
import {memoryMiB} from './config-update.ts';
import {drivesOf} from './drive.ts';
import {hotplugWords} from './hotplug.ts';
import {assertMemory} from './memory.ts';
import {parseProperties} from './property-string.ts';
import {qemuVersion} from './runtime.ts';
import type {Job} from './volumes.ts';

/** 500 unless a command line can be made; warns of what is ignored. */
export function assertCommand(job: Job, guest: QemuGuest, worker: Pick<Worker, 'warn'>): void {
  const {config} = guest;
  const hasFirmware = config.get('bios') === 'ovmf';
  if (hasFirmware && !config.has('efidisk0')) {
    worker.warn('no efidisk configured! Using temporary efivars disk.');
  }
  for (const [key, text] of [...config].sort()) {
    if (/^serial\d+$/.test(key) && text !== 'socket') fail(500, 'no such serial device');
  }
  if ([...config.keys()].some((key) => /^parallel\d+$/.test(key))) {
    fail(500, 'no such parallel device');
  }
  assertMachineVersion(job, guest);
  assertCpus(job, config);
  const hotplug = hotplugWords(guest).has('memory');
  assertMemory(config, {mib: memoryMiB(config.get('memory')), hotplug});
  for (const drive of drivesOf(config)) {
    const isSingle = config.get('scsihw') === 'virtio-scsi-single';
    const isIdle = drive.key.startsWith('scsi') && !isSingle;
    if (drive.options.get('iothread') !== '1' || !isIdle) continue;
    const where = 'virtio disk or virtio-scsi-single controller';
    worker.warn(`iothread is only valid with ${where}, ignoring`);
  }
}

/** A machine of a later QEMU than the node's cannot be made. */
function assertMachineVersion({cluster, node}: Job, guest: QemuGuest): void {
  const type = parseProperties('machine', guest.config.get('machine') ?? '').get('type') ?? '';
  const match = /^pc-(?:i440fx|q35)-(\d+)\.(\d+)(?:\.\d+)?(\+pve\d+)?$/.exec(type);
  if (match === null) return;
  const {short, full} = qemuVersion(cluster);
  const [major = 0, minor = 0] = short.split('.').map(Number);
  const [, askedMajor, askedMinor, revision] = match;
  const isLater =
    Number(askedMajor) > major || (Number(askedMajor) === major && Number(askedMinor) > minor);
  if (!isLater) return;
  const machine = revision === undefined ? `${type}+pve0` : type;
  const old = `Installed QEMU version '${full}' is too old to run machine type '${machine}'`;
  fail(500, `${old}, please upgrade node '${node}'`);
}

function assertCpus(job: Job, config: ReadonlyMap<string, string>): void {
  const count = (key: string): number => Number(config.get(key) ?? 1);
  const most = job.cluster.nodes.get(job.node)?.cpus ?? Number.POSITIVE_INFINITY;
  if (count('cores') * count('sockets') > most) {
    fail(500, `MAX ${most} vcpus allowed per VM on this node`);
  }
}
