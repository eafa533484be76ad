// Why this exists: a container's volume grows, and its file system with it; most is refused before
// the worker (resize_vm of pve-container).
import {fail} from '../failure.ts';
import {assertUnlocked, assertUnmodified} from '../guest/file.ts';
import {require403} from '../permission.ts';
import {volumeOwner} from '../qemu/drive.ts';
import {parseSize} from '../qemu/size.ts';
import type {Job} from '../qemu/volumes.ts';
import {volumeNamed, volumePath} from '../qemu/volumes.ts';
import {act, forkFor, pause} from '../qemu/worker.ts';
import type {Context, Reply} from '../route.ts';
import {data, vmidOf} from '../route.ts';
import type {LxcGuest, Volume} from '../state.ts';
import {logLine} from '../state.ts';
import {resizeVolume} from '../volume.ts';
import {requireChanges} from './access-checks.ts';
import {loadContainer, saveContainer} from './container-file.ts';
import type {Mount} from './mountpoint.ts';
import {parseMount, printMount, storageOf, withVolume} from './mountpoint.ts';
import {lockStages, withContainer} from './worker.ts';

interface Growth {
  readonly mount: Mount;
  readonly volume: Volume;
  readonly sizeBytes: number;
}

/** PUT resize. */
export function resizeVolumeOf(context: Context): Reply {
  const {cluster, node, params, auth} = context;
  const vmid = vmidOf(context);
  check(context, loadContainer(cluster, node, vmid));
  return data(
    forkFor(context, 'resize', vmid, [
      ...lockStages(context, vmid),
      withContainer(context, vmid, (guest, job) => {
        const growth = check(context, guest);
        const size = (params['size'] ?? '').replace(/^\+/, '');
        const what = `resize --disk ${growth.mount.key} --size ${size}`;
        logLine(cluster, node, auth.authid, `update CT ${vmid}: ${what}`);
        return [pause(100), act(() => grow(job, guest, growth))];
      }),
    ]),
  );
}

/** The parameter is called disk, so the default rule asks for VM.Config.Options too. */
function check(context: Context, guest: LxcGuest): Growth {
  const {params, cluster, node} = context;
  const key = params['disk'] ?? '';
  assertUnlocked(guest);
  const request = {context, vmid: guest.vmid};
  const unprivileged = guest.config.get('unprivileged') === '1';
  const set = new Map([['disk', key]]);
  requireChanges({request, before: guest.config, set, deletes: [], unprivileged});
  assertUnmodified(guest, params['digest']);
  const mount = parseMount(cluster.version, key, guest.config.get(key) ?? '');
  storageOf(mount.volume);
  const volume = volumeNamed(cluster, node, mount.volume);
  const owner = volumeOwner(mount.volume);
  if (owner !== guest.vmid) {
    const line = cluster.version === '8.4' ? 2205 : 2339;
    const where = `at /usr/share/perl5/PVE/API2/LXC.pm line ${line}.`;
    fail(500, `can't resize mount point owned by another container (${owner}) ${where}`);
  }
  require403(context, `/storage/${volume.storage}`, ['Datastore.AllocateSpace']);
  const size = params['size'] ?? '';
  const asked = Math.floor(parseSize(size.replace(/^\+/, '')));
  const sizeBytes = size.startsWith('+') ? volume.sizeBytes + asked : asked;
  if (sizeBytes < volume.sizeBytes) fail(500, 'unable to shrink disk size');
  if (sizeBytes === volume.sizeBytes) fail(500, 'disk is already at specified size');
  return {mount, volume, sizeBytes};
}

function grow(job: Job, guest: LxcGuest, growth: Growth): void {
  const {mount, volume, sizeBytes} = growth;
  const {cluster} = job;
  const beforeBytes = volume.sizeBytes;
  resizeVolume(cluster, volume, sizeBytes);
  const text = printMount(cluster.version, withVolume(mount, mount.volume, sizeBytes));
  guest.config.set(mount.key, text);
  saveContainer(cluster, guest, `resize ${mount.key} ${sizeBytes}`);
  if (volume.format !== 'raw') return;
  const isOnline = guest.runtime !== undefined;
  for (const line of growthLog(job, {volume, beforeBytes, sizeBytes, isOnline})) job.log(line);
}

interface GrowthSizes {
  readonly volume: Volume;
  readonly beforeBytes: number;
  readonly sizeBytes: number;
  readonly isOnline: boolean;
}

function growthLog(job: Job, sizes: GrowthSizes): readonly string[] {
  const {volume, isOnline} = sizes;
  const path = volumePath(job.cluster, volume.volid);
  const device = isOnline && !path.startsWith('/dev/') ? '/dev/loop0' : path;
  return [
    ...(path.startsWith('/dev/')
      ? volumeLines(path.slice('/dev/'.length), sizes)
      : ['Image resized.']),
    ...(isOnline ? [] : checkLines(path, sizes.beforeBytes / 4096)),
    `resize2fs ${tools}`,
    ...(isOnline ? onlineLines(device, sizes) : [offlineLine(path, sizes)]),
    `The filesystem on ${device} is now ${sizes.sizeBytes / 4096} (4k) blocks long.`,
    '',
  ];
}

const tools = '1.47.0 (5-Feb-2023)';

/** What LVM prints; an extent is 4 MiB. */
function volumeLines(name: string, {beforeBytes, sizeBytes}: GrowthSizes): readonly string[] {
  const told = (bytes: number): string =>
    `${(bytes / 1024 ** 3).toFixed(2)} GiB (${Math.ceil(bytes / (4 * 1024 ** 2))} extents)`;
  const change = `changed from ${told(beforeBytes)} to ${told(sizeBytes)}`;
  return [
    `  Size of logical volume ${name} ${change}.`,
    `  Logical volume ${name} successfully resized.`,
  ];
}

function checkLines(path: string, blocks: number): readonly string[] {
  return [
    `e2fsck ${tools}`,
    'Pass 1: Checking inodes, blocks, and sizes',
    'Pass 2: Checking directory structure',
    'Pass 3: Checking directory connectivity',
    'Pass 4: Checking reference counts',
    'Pass 5: Checking group summary information',
    `${path}: 40/${blocks / 4} files (0.0% non-contiguous), 13456/${blocks} blocks`,
  ];
}

function offlineLine(path: string, {sizeBytes}: GrowthSizes): string {
  return `Resizing the filesystem on ${path} to ${sizeBytes / 4096} (4k) blocks.`;
}

/** A descriptor block tells of 64 groups of 128 MiB. */
function onlineLines(device: string, {beforeBytes, sizeBytes}: GrowthSizes): readonly string[] {
  const blocks = (bytes: number): number => Math.ceil(bytes / (64 * 128 * 1024 ** 2));
  return [
    `Filesystem at ${device} is mounted on /tmp; on-line resizing required`,
    `old_desc_blocks = ${blocks(beforeBytes)}, new_desc_blocks = ${blocks(sizeBytes)}`,
  ];
}
