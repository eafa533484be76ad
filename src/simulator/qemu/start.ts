// Why this exists: a guest is started in a worker; every check happens in there, before or after
// what waited in [PENDING] came into force (vm_start in PVE/QemuServer.pm, recording 09).
import {fail} from '../failure.ts';
import {assertUnlocked} from '../guest/file.ts';
import type {Context} from '../route.ts';
import {flag} from '../route.ts';
import type {QemuGuest} from '../state.ts';
import type {Stage} from '../task.ts';
import {parseVolid, requireStorage} from '../volume.ts';
import {readVolumeName} from '../volume-name.ts';
import {applyPending} from './apply.ts';
import {regenerate} from './cloud-init.ts';
import {memoryMiB} from './config-update.ts';
import {drivesOf} from './drive.ts';
import {saveGuest} from './guest-file.ts';
import {isNetKey} from './keys.ts';
import {assertMappings} from './mappings.ts';
import {parseProperties} from './property-string.ts';
import {launch} from './runtime.ts';
import {assertCommand} from './start-rules.ts';
import {wakeFromState} from './vm-state.ts';
import type {Job} from './volumes.ts';
import {freeImage, volumeNamed} from './volumes.ts';
import {act, lockStages, pause, withGuest} from './worker.ts';

// The process is there after a moment, the task goes on until QEMU answers.
const processMs = 300;
const startMs = 500;

/** The stages that start a guest; also used by create, rollback requests and reboot. */
export function startStages(context: Context, vmid: number): readonly Stage[] {
  return [
    ...lockStages(context, vmid),
    withGuest(context, vmid, (guest, job) => {
      if (guest.config.get('template') === '1') {
        fail(500, "you can't start a vm if it's a template");
      }
      const lock = guest.config.get('lock');
      if (lock === 'backup' && guest.runtime !== undefined) {
        guest.runtime.qmpStatus = 'running';
        return [];
      }
      if (lock === 'suspended') return resumeFromDisk(job, guest);
      if (!flag(context, 'skiplock')) assertUnlocked(guest);
      if (guest.runtime !== undefined) fail(500, `VM ${vmid} already running`);
      return [
        act(() => applyPending(job, guest)),
        act(() => assertVolumes(job, guest)),
        act(() => void regenerate(job, guest)),
        act((worker) => assertCommand(job, guest, worker)),
        act(() => assertMappings(job, guest.config)),
        pause(processMs),
        act(() => {
          assertStartable(job, guest);
          launch(job.cluster, guest);
        }),
        pause(startMs),
      ];
    }),
  ];
}

function assertVolumes(job: Job, guest: QemuGuest): void {
  for (const drive of drivesOf(guest.config)) {
    const parts = parseVolid(drive.file);
    if (parts === undefined) continue;
    const storage = requireStorage(job.cluster, parts.storage, job.node);
    const {content} = readVolumeName(storage, parts.name);
    if (!storage.content.has(content)) {
      fail(500, `storage '${storage.id}' does not support content-type '${content}'`);
    }
    volumeNamed(job.cluster, job.node, drive.file);
  }
}

/** What QEMU itself refuses: a bridge that is not there, more memory than the node has. */
function assertStartable(job: Job, guest: QemuGuest): void {
  const node = job.cluster.nodes.get(job.node);
  for (const [key, text] of guest.config) {
    const bridge = isNetKey(key) ? parseProperties(key, text).get('bridge') : undefined;
    if (bridge === undefined || node?.bridges.has(bridge) !== false) continue;
    const index = key.slice(3);
    const script = '/usr/libexec/qemu-server/pve-bridge';
    job.log(`bridge '${bridge}' does not exist`);
    const device = `type=tap,id=${key},ifname=tap${guest.vmid}i${index}`;
    const scripts = `script=${script},downscript=${script}down`;
    const why = `network script ${script} failed with status 512`;
    job.log(`kvm: -netdev ${device},${scripts}: ${why}`);
    fail(500, 'start failed: QEMU exited with code 1');
  }
  const bytes = memoryMiB(guest.config.get('memory')) * 1024 ** 2;
  if (node !== undefined && bytes > 16 * node.memoryBytes) {
    job.log("kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory");
    fail(500, 'start failed: QEMU exited with code 1');
  }
}

function resumeFromDisk(job: Job, guest: QemuGuest): readonly Stage[] {
  const state = guest.config.get('vmstate') ?? '';
  job.log('Resuming suspended VM');
  return [
    act(() => job.log(`activating and using '${state}' as vmstate`)),
    pause(startMs),
    act(() => {
      launch(job.cluster, guest);
      wakeFromState(job, guest, state);
      job.log('Resumed VM, removing state');
      freeImage(job, state);
      for (const key of ['vmstate', 'runningmachine', 'runningcpu', 'lock']) {
        guest.config.delete(key);
      }
      saveGuest(job.cluster, guest, 'resumed from disk');
    }),
  ];
}
