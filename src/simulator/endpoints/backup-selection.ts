// Why this exists: which guests and volumes a backup job takes, and which guests none takes
// (PVE::VZDump::get_included_guests, PVE/API2/Cluster/BackupInfo.pm).
import {may} from '../permission.ts';
import type {Context, Reply} from '../route.ts';
import {data, splitList} from '../route.ts';
import type {Section} from '../section.ts';
import type {Cluster, Guest} from '../state.ts';

/** The VMIDs that a selection names, whether they exist or not, ascending; a pool's exist. */
export function selectedGuests(
  cluster: Cluster,
  selection: {readonly get: (key: string) => string | undefined},
): readonly number[] {
  const pool = selection.get('pool');
  if (pool !== undefined) {
    const members = [...(cluster.pools.get(pool)?.vms ?? [])];
    return ascending(members.filter((vmid) => cluster.guests.has(vmid)));
  }
  const vmids = selection.get('vmid');
  if (vmids !== undefined) {
    return ascending(splitList(vmids).map(Number));
  }
  if (selection.get('all') !== '1') {
    return [];
  }
  const excluded = new Set(splitList(selection.get('exclude') ?? '').map(Number));
  return ascending([...cluster.guests.keys()].filter((vmid) => !excluded.has(vmid)));
}

function ascending(vmids: readonly number[]): readonly number[] {
  return [...vmids].sort((left, right) => left - right);
}

/** Those of a job: only the guests of its node, if it names one, and those that are gone. */
function ofJob(cluster: Cluster, job: Section): readonly number[] {
  const node = job.get('node');
  return selectedGuests(cluster, job).filter((vmid) => {
    const guest = cluster.guests.get(vmid);
    return node === undefined || guest === undefined || guest.node === node;
  });
}

/** The tree of a job's guests and volumes; guests that the caller may not audit are left out. */
export function showVolumes(context: Context, job: Section): Reply {
  const {cluster} = context;
  const visible = ofJob(cluster, job).filter((vmid) => may(context, `/vms/${vmid}`, ['VM.Audit']));
  const children = visible.map((vmid) => {
    const guest = cluster.guests.get(vmid);
    return guest === undefined ? {id: vmid, type: 'unknown', leaf: 1} : guestVolumes(guest);
  });
  return data({children});
}

function guestVolumes(guest: Guest): object {
  const {vmid, kind, config} = guest;
  const isVolume =
    kind === 'qemu' ? /^(?:ide|sata|scsi|virtio|efidisk|tpmstate)\d+$/ : /^(?:rootfs|mp\d+)$/;
  const children = [...config]
    .filter(([key, text]) => isVolume.test(key) && !/(?:^|,)media=cdrom/.test(text))
    .map(([key, text]) => ({
      id: `${vmid}:${key}`,
      name: text.split(',')[0]?.replace(/^(?:file|volume)=/, ''),
      ...(kind === 'qemu' ? driveInclusion(guest, key, text) : mountInclusion(key, text)),
      leaf: 1,
    }));
  const name = config.get(kind === 'qemu' ? 'name' : 'hostname') ?? null;
  return {id: vmid, type: kind, name, children, leaf: children.length === 0 ? 1 : 0};
}

interface Inclusion {
  readonly included: number | string;
  readonly reason: string;
}

/** Whatever `backup` says is called `no` once it says anything. */
function driveInclusion(guest: Guest, key: string, text: string): Inclusion {
  if (key.startsWith('efidisk') && guest.config.get('bios') !== 'ovmf') {
    return {included: 0, reason: 'efidisk but no OVMF BIOS'};
  }
  const said = /(?:^|,)backup=(\w+)/.exec(text)?.[1];
  if (said === undefined) {
    return {included: 1, reason: 'backup=yes'};
  }
  return {included: /^(?:1|on|yes|true)$/.test(said) ? 1 : 0, reason: 'backup=no'};
}

/** A container's root always, other volumes on demand, the node's directories never. */
function mountInclusion(key: string, text: string): Inclusion {
  if (key === 'rootfs') {
    return {included: 1, reason: 'rootfs'};
  }
  if (text.startsWith('/')) {
    return {included: 0, reason: 'not a volume'};
  }
  return /(^|,)backup=1/.test(text)
    ? {included: 1, reason: 'enabled'}
    : {included: 0, reason: 'disabled'};
}

/** Guests in no job, whether the job is enabled or not. */
export function listUncovered(context: Context, jobs: Iterable<Section>): Reply {
  const {cluster} = context;
  const covered = new Set([...jobs].flatMap((job) => ofJob(cluster, job)));
  const open = [...cluster.guests.values()]
    .filter((guest) => !covered.has(guest.vmid))
    .filter((guest) => may(context, `/vms/${guest.vmid}`, ['VM.Audit']));
  return data(
    open.map(({vmid, kind, config}) => {
      const name = config.get(kind === 'qemu' ? 'name' : 'hostname');
      return {vmid, type: kind, ...(name === undefined ? {} : {name})};
    }),
  );
}
