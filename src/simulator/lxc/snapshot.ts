// Why this exists: snapshots of containers: sections of the configuration file beside the volumes'
// own, taken, gone back to and removed under lock keys (PVE::AbstractConfig, facts.md section 10).
import {fail} from '../failure.ts';
import {lxcLockFile} from '../flock.ts';
import {addUnused, assertUnlocked, isUnusedKey} from '../guest/file.ts';
import {handOnParent, snapshotList, snapshotNamed} from '../guest/snapshots.ts';
import type {Feature} from '../qemu/features.ts';
import type {Job} from '../qemu/volumes.ts';
import {act, forkFor, pause} from '../qemu/worker.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, nothing, route, underLock, vmidOf} from '../route.ts';
import type {Cluster, LxcGuest} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import type {Stage} from '../task.ts';
import {findVolume} from '../volume.ts';
import {loadContainer, saveContainer, setValue} from './container-file.ts';
import {createdLine, lvmSnapshot, mountHas, removedLine} from './disks.ts';
import {mountsOf} from './mountpoint.ts';
import {startContainer} from './power.ts';
import {rollbackStages} from './rollback.ts';
import {configView} from './view.ts';
import {lockStages, withContainer} from './worker.ts';

const base = '/nodes/{node}/lxc/{vmid}';
const notCopied = new Set(['snapstate', 'snaptime', 'lock', 'description']);

function create(context: Context): Reply {
  const vmid = vmidOf(context);
  const name = context.params['snapname'] ?? '';
  if (name === 'current' || name === 'vzdump') {
    fail(500, `unable to use snapshot name '${name}' (reserved name)`);
  }
  return data(
    forkFor(context, 'vzsnapshot', vmid, [
      ...lockStages(context, vmid),
      withContainer(context, vmid, (guest, job) => takeStages(context, guest, job)),
    ]),
  );
}

function takeStages(context: Context, guest: LxcGuest, job: Job): readonly Stage[] {
  const name = context.params['snapname'] ?? '';
  if (guest.config.get('template') === '1') {
    fail(500, "you can't take a snapshot if it's a template");
  }
  assertUnlocked(guest);
  if (guest.snapshots.has(name)) fail(500, `snapshot name '${name}' already used`);
  if (!hasFeature(job.cluster, 'snapshot', guest.config, false)) {
    fail(500, 'snapshot feature is not available');
  }
  prepare(job, guest, name, context.params['description'] ?? '');
  return [
    {kind: 'undo', run: () => abandon(job.cluster, guest, name)},
    {kind: 'unlock'},
    pause(150),
    act(() => commit(job, guest, name)),
  ];
}

function prepare(job: Job, guest: LxcGuest, name: string, description: string): void {
  const {cluster, node} = job;
  const kept = [...guest.config].filter(([key]) => !notCopied.has(key) && !isUnusedKey(key));
  const section = new Map(kept);
  section.set('snaptime', String(nodeSeconds(cluster, node)));
  section.set('snapstate', 'prepare');
  if (description !== '') setValue(cluster.version, section, 'description', description);
  guest.snapshots.set(name, section);
  guest.config.set('lock', 'snapshot');
  saveContainer(cluster, guest, `snapshot ${name} begins`);
}

function abandon(cluster: Cluster, guest: LxcGuest, name: string): void {
  guest.snapshots.delete(name);
  guest.config.delete('lock');
  saveContainer(cluster, guest, `snapshot ${name} abandoned`);
}

function commit(job: Job, guest: LxcGuest, name: string): void {
  const {cluster, node} = job;
  const section = snapshotNamed(guest, name);
  for (const mount of mountsOf(cluster.version, section)) {
    const volume = findVolume(cluster, node, mount.volume);
    volume?.snapshots.add(name);
    if (volume !== undefined) lvmSnapshot(cluster, volume, name).map(createdLine).forEach(job.log);
  }
  section.delete('snapstate');
  guest.config.set('parent', name);
  guest.config.delete('lock');
  recordEffect(cluster, 'snapshot', guest.vmid, name);
  saveContainer(cluster, guest, `snapshot ${name} taken`);
}

function remove(context: Context): Reply {
  const vmid = vmidOf(context);
  const name = context.path['snapname'] ?? '';
  return data(
    forkFor(context, 'vzdelsnapshot', vmid, [
      ...lockStages(context, vmid),
      withContainer(context, vmid, (guest, job) => {
        const section = snapshotNamed(guest, name);
        assertUnlocked(guest);
        if (guest.config.get('template') === '1') {
          fail(500, "you can't delete a snapshot if vm is a template");
        }
        guest.config.set('lock', 'snapshot-delete');
        section.set('snapstate', 'delete');
        saveContainer(job.cluster, guest, `snapshot ${name} goes`);
        return [{kind: 'unlock'}, pause(150), act(() => forget(job, guest, name))];
      }),
    ]),
  );
}

/** What only the snapshot used becomes unused; those after it get its parent. */
function forget(job: Job, guest: LxcGuest, name: string): void {
  const {cluster, node} = job;
  const section = snapshotNamed(guest, name);
  const parent = section.get('parent');
  guest.snapshots.delete(name);
  handOnParent(guest, name, parent);
  guest.config.delete('lock');
  for (const mount of mountsOf(cluster.version, section)) {
    const volume = findVolume(cluster, node, mount.volume);
    volume?.snapshots.delete(name);
    if (volume !== undefined) lvmSnapshot(cluster, volume, name).map(removedLine).forEach(job.log);
    if (mount.type === 'volume') addUnused(guest.config, mount.volume);
  }
  recordEffect(cluster, 'delete-snapshot', guest.vmid, name);
  saveContainer(cluster, guest, `snapshot ${name} deleted`);
}

function rollback(context: Context): Reply {
  const vmid = vmidOf(context);
  const name = context.path['snapname'] ?? '';
  return data(
    forkFor(context, 'vzrollback', vmid, [
      ...lockStages(context, vmid),
      withContainer(context, vmid, (guest, job) => rollbackStages(job, guest, name)),
      act(() => {
        if (flag(context, 'start')) startContainer(context, vmid);
      }),
    ]),
  );
}

function listSnapshots(context: Context): Reply {
  const guest = loadContainer(context.cluster, context.node, vmidOf(context));
  return data(snapshotList(guest, () => ({})));
}

function readConfig(context: Context): Reply {
  const guest = loadContainer(context.cluster, context.node, vmidOf(context));
  const section = new Map(snapshotNamed(guest, context.path['snapname'] ?? ''));
  section.delete('lxc');
  return data(configView(context, guest.vmid, section));
}

function writeConfig(context: Context): Reply {
  const vmid = vmidOf(context);
  const {cluster, node, params} = context;
  const description = params['description'];
  if (description === undefined) return nothing;
  return underLock(cluster, {file: lxcLockFile(vmid)}, () => {
    const guest = loadContainer(cluster, node, vmid);
    assertUnlocked(guest);
    const section = snapshotNamed(guest, context.path['snapname'] ?? '');
    setValue(cluster.version, section, 'description', description);
    saveContainer(cluster, guest, 'snapshot description');
    return nothing;
  });
}

function feature(context: Context): Reply {
  const {cluster, node, params} = context;
  const guest = loadContainer(cluster, node, vmidOf(context));
  const name = params['snapname'];
  const section = name === undefined ? guest.config : snapshotNamed(guest, name);
  const asked = (['snapshot', 'clone', 'copy'] as const).find((one) => one === params['feature']);
  const has = asked !== undefined && hasFeature(cluster, asked, section, name !== undefined);
  return data({hasFeature: has ? 1 : 0});
}

/** Whether every mount can do it; directories and devices of the node never can. */
function hasFeature(
  cluster: Cluster,
  feature: Feature,
  section: ReadonlyMap<string, string>,
  ofSnapshot: boolean,
): boolean {
  const mounts = mountsOf(cluster.version, section);
  return mounts.every((mount) => mountHas(cluster, mount, feature, ofSnapshot));
}

/** The snapshot endpoints. */
export const snapshotRoutes: readonly Route[] = [
  route('GET', `${base}/snapshot`, listSnapshots),
  route('POST', `${base}/snapshot`, create),
  route('GET', `${base}/snapshot/{snapname}`, () => data([{cmd: 'rollback'}, {cmd: 'config'}])),
  route('DELETE', `${base}/snapshot/{snapname}`, remove),
  route('GET', `${base}/snapshot/{snapname}/config`, readConfig),
  route('PUT', `${base}/snapshot/{snapname}/config`, writeConfig),
  route('POST', `${base}/snapshot/{snapname}/rollback`, rollback),
  route('GET', `${base}/feature`, feature),
];
