// Why this exists: a node can start, stop, suspend or send away all its guests, or some of them, in
// one worker that forks one for each guest (PVE/API2/Nodes.pm).
import {ApiFailure, fail, forbid, paramError} from '../failure.ts';
import {migrateContainer} from '../lxc/migrate.ts';
import * as containers from '../lxc/power.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, integer, list, route} from '../route.ts';
import type {Guest, QemuGuest} from '../state.ts';
import type {Stage, Worker} from '../task.ts';
import {isManaged} from './ha.ts';
import {migrateOne} from './migrate.ts';
import {localResources, localUses} from './migrate-check.ts';
import {shutdownStages} from './power.ts';
import {parseProperties} from './property-string.ts';
import {startStages} from './start.ts';
import {suspendStages} from './suspend.ts';
import {act, forkFor, pause} from './worker.ts';

interface Ordered {
  readonly guest: Guest;
  readonly order: number;
  readonly startup: ReadonlyMap<string, string>;
}

/** Rights on everything, or on each guest that is named. */
function requireRights(context: Context, privileges: readonly string[]): void {
  if (may(context, '/', privileges)) return;
  const [first = ''] = privileges;
  const vmids = list(context, 'vms');
  if (vmids.length === 0) forbid(`/, ${privileges.join(' && ')}`);
  for (const vmid of vmids) require403(context, `/vms/${vmid}`, [first]);
}

/** Guests of the node by startup order; HA's are left out unless guests are named. */
function chosen(context: Context, templates = false): readonly Ordered[] {
  const {cluster, node, params} = context;
  const named = params['vms'] === undefined ? undefined : new Set(list(context, 'vms'));
  const found: Ordered[] = [];
  for (const guest of cluster.guests.values()) {
    if (guest.node !== node) continue;
    if (named !== undefined && !named.has(String(guest.vmid))) continue;
    if (!templates && guest.config.get('template') === '1') continue;
    if (named === undefined && !templates && isManaged(cluster, guest.vmid)) continue;
    const startup = parseProperties('startup', guest.config.get('startup') ?? '');
    const order = Number(startup.get('order') ?? Number.MAX_SAFE_INTEGER);
    found.push({guest, order, startup});
  }
  return found.sort((a, b) => a.order - b.order || a.guest.vmid - b.guest.vmid);
}

function startAll(context: Context): Reply {
  requireRights(context, ['VM.PowerMgmt']);
  const wanted = chosen(context).filter(
    ({guest}) => flag(context, 'force') || guest.config.get('onboot') === '1',
  );
  const stages = wanted.map(({guest: {vmid}, startup}): Stage => {
    const up = startup.get('up');
    return {
      kind: 'then',
      stages: (worker) => {
        const guest = context.cluster.guests.get(vmid);
        if (guest === undefined || guest.runtime !== undefined) return [];
        const what = wordFor(guest);
        worker.log(`Starting ${what}`);
        const upid =
          guest.kind === 'qemu'
            ? forkFor(context, 'qmstart', vmid, startStages(context, vmid))
            : forkFor(context, 'vzstart', vmid, containers.startStages(context, vmid));
        const delayMs = Number(up ?? 3) * 1000;
        return [pause(1_000), ...afterStart(context, {upid, what, delayMs, isAsked: Boolean(up)})];
      },
    };
  });
  return data(forkFor(context, 'startall', '', stages));
}

/** `VM 100` or `CT 100`. */
function wordFor({kind, vmid}: Guest): string {
  return `${kind === 'qemu' ? 'VM' : 'CT'} ${vmid}`;
}

function afterStart(
  {cluster}: Context,
  start: {
    readonly upid: string;
    readonly what: string;
    readonly delayMs: number;
    readonly isAsked: boolean;
  },
): readonly Stage[] {
  const {upid, what, delayMs, isAsked} = start;
  return [
    act((worker) => {
      const status = cluster.tasks.get(upid)?.exitStatus ?? 'OK';
      if (status !== 'OK') worker.log(`Starting ${what} failed: ${status}`);
      else if (isAsked && delayMs > 0) {
        worker.log(`Waiting for ${delayMs / 1000} seconds (startup delay)`);
      }
    }),
    pause(delayMs),
  ];
}

/** Fork one worker for each guest, the last of the startup order first. */
function forAll(
  context: Context,
  type: string,
  each: (one: Ordered, worker: Worker) => void,
): Reply {
  const all = [...chosen(context)].reverse();
  const stages = all.map((one) => act((worker) => each(one, worker)));
  return data(forkFor(context, type, '', [...stages, pause(1_000)]));
}

function stopAll(context: Context): Reply {
  requireRights(context, ['VM.PowerMgmt']);
  return forAll(context, 'stopall', ({guest, startup}, worker) => {
    if (guest.runtime === undefined) return;
    const timeoutS = Number(startup.get('down') ?? integer(context, 'timeout') ?? 180);
    worker.log(`Stopping ${wordFor(guest)} (timeout = ${timeoutS} seconds)`);
    const params = {
      timeout: String(timeoutS),
      forceStop: context.params['force-stop'] ?? '1',
    };
    const one = {...context, params, path: {...context.path, vmid: String(guest.vmid)}};
    if (guest.kind === 'qemu') forkFor(one, 'qmshutdown', guest.vmid, shutdownStages(one));
    else forkFor(one, 'vzshutdown', guest.vmid, containers.shutdownStages(one));
  });
}

function suspendAll(context: Context): Reply {
  requireRights(context, ['VM.PowerMgmt', 'VM.Config.Disk']);
  return forAll(context, 'suspendall', ({guest}, worker) => {
    if (guest.kind === 'lxc') {
      worker.warn(`skipping ${guest.vmid}, only VMs can be suspended`);
      return;
    }
    if (guest.runtime === undefined) {
      worker.log(`VM ${guest.vmid} not running, skipping suspension`);
      return;
    }
    worker.log(`Suspending VM ${guest.vmid}`);
    const path = {...context.path, vmid: String(guest.vmid)};
    const one = {...context, params: {todisk: '1'}, path};
    forkFor(one, 'qmsuspend', guest.vmid, suspendStages(one));
  });
}

function migrateAll(context: Context): Reply {
  const {cluster, node, params} = context;
  requireRights(context, ['VM.Migrate']);
  const target = params['target'] ?? '';
  if (target === node) paramError({target: 'target is local node.'});
  if (cluster.nodes.get(target)?.listed !== true) fail(500, `no such cluster node '${target}'`);
  if (params['maxworkers'] === undefined && !cluster.options.has('max_workers')) {
    const where = 'max_workers in datacenter.cfg';
    fail(500, `either 'maxworkers' parameter or ${where} must be set!`);
  }
  const all = chosen(context, true);
  let started = 0;
  const stages = all.map(({guest}) =>
    act((worker) => {
      const isGone =
        guest.kind === 'qemu'
          ? sendAway(context, guest, worker)
          : sendContainer(context, guest, worker);
      if (isGone) started += 1;
    }),
  );
  const end = act((worker) => {
    if (all.length === 0) worker.log('no virtual guests matched, nothing to do..');
    else if (started === 0) fail(500, 'no migrations worker started...');
    else worker.log(`All jobs finished, used ${started} workers in total.`);
  });
  return data(forkFor(context, 'migrateall', '', [...stages, pause(1_000), end]));
}

/** Whether a worker was started for the guest; says why not. */
function sendAway(context: Context, guest: QemuGuest, worker: Worker): boolean {
  const {params} = context;
  const isOnline = guest.runtime !== undefined;
  const disks = localUses(context.cluster, guest).map(({volid}) => volid);
  const {local} = localResources(guest);
  const reasons = [
    isOnline && !flag(context, 'with-local-disks') && disks.length > 0
      ? `  Has local disks: ${disks.join(', ')}`
      : '',
    local.length > 0 ? `  Has local resources: ${local.join(', ')}` : '',
  ].filter((reason) => reason !== '');
  if (reasons.length > 0) {
    worker.log(`Check VM ${guest.vmid}: skip VM ${guest.vmid} - precondition check failed:`);
    for (const reason of reasons) worker.log(reason);
    return false;
  }
  worker.log(`Check VM ${guest.vmid}: precondition check passed`);
  worker.log(`Migrating VM ${guest.vmid}`);
  const wish = {target: params['target'] ?? '', online: isOnline ? '1' : '0'};
  const disksToo = flag(context, 'with-local-disks') ? {'with-local-disks': '1'} : {};
  const path = {...context.path, vmid: String(guest.vmid)};
  const one = {...context, params: {...wish, ...disksToo}, path};
  return attempted(worker, () => migrateOne(one));
}

/** A running container is stopped here and started there. */
function sendContainer(context: Context, guest: Guest, worker: Worker): boolean {
  const {vmid} = guest;
  worker.log(`Migrating CT ${vmid}`);
  const restart = guest.runtime === undefined ? '0' : '1';
  const params = {target: context.params['target'] ?? '', restart};
  const path = {...context.path, vmid: String(vmid)};
  return attempted(worker, () => migrateContainer({...context, params, path}));
}

function attempted(worker: Worker, migrate: () => unknown): boolean {
  try {
    migrate();
    return true;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    worker.log(error.message);
    return false;
  }
}

/** The node's startall, stopall, suspendall and migrateall. */
export const powerAllRoutes: readonly Route[] = [
  route('POST', '/nodes/{node}/startall', startAll),
  route('POST', '/nodes/{node}/stopall', stopAll),
  route('POST', '/nodes/{node}/suspendall', suspendAll),
  route('POST', '/nodes/{node}/migrateall', migrateAll),
];
