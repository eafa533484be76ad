// Why this exists: what is refused or warned about when QEMU's command line is made, before QEMU is
// run at all (config_to_command in PVE/QemuServer.pm, PVE/QemuServer/Memory.pm).
import {fail} from '../failure.ts';
import type {QemuGuest} from '../state.ts';
import type {Worker} from '../task.ts';
import {memoryMiB} from './config-update.ts';
import {drivesOf} from './drive.ts';
import {hotplugWords} from './hotplug.ts';
import {assertMemory} from './memory.ts';
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

function assertCpus(job: Job, config: ReadonlyMap<string, string>): void {
  const count = (key: string): number => Number(config.get(key) ?? 1);
  const most = job.cluster.nodes.get(job.node)?.cpus ?? Number.POSITIVE_INFINITY;
  if (count('cores') * count('sockets') > most) {
    fail(500, `MAX ${most} vcpus allowed per VM on this node`);
  }
}
