// Why this exists: replication jobs of guests: configuration and status; nothing is copied
// (PVE/API2/ReplicationConfig.pm, Replication.pm).
import {fail, paramError} from '../failure.ts';
import {may, require403} from '../permission.ts';
import type {Context, Reply, Route} from '../route.ts';
import {data, flag, list, nothing, route} from '../route.ts';
import {findMethod, paramFacts} from '../schema/api.ts';
import {nextEvents} from '../schema/calendar.ts';
import type {Section} from '../section.ts';
import {requireDigest, sectionDigest, sectionsOf, shownSection} from '../section.ts';
import {checkedProperties, deleteProperties, setProperties, usesOf} from '../section-plugins.ts';
import type {Cluster, Guest} from '../state.ts';
import {nodeSeconds, recordEffect} from '../state.ts';
import {findVolume} from '../volume.ts';
import {memberNodes} from './resources.ts';

/** Replication of the cluster and of a node. */
export const replicationRoutes: readonly Route[] = [
  route('GET', '/cluster/replication', listJobs),
  route('POST', '/cluster/replication', createJob),
  route('GET', '/cluster/replication/{id}', showJob),
  route('PUT', '/cluster/replication/{id}', updateJob),
  route('DELETE', '/cluster/replication/{id}', deleteJob),
  route('GET', '/nodes/{node}/replication', listStates),
  route('GET', '/nodes/{node}/replication/{id}', () =>
    data(['schedule_now', 'log', 'status'].map((name) => ({name}))),
  ),
  route('GET', '/nodes/{node}/replication/{id}/status', showState),
  route('GET', '/nodes/{node}/replication/{id}/log', showLog),
  route('POST', '/nodes/{node}/replication/{id}/schedule_now', (context) => {
    requireStarted(context.cluster, context.path.id ?? '');
    return nothing;
  }),
];

const file = 'replication';
const uses = usesOf('comment disable rate schedule remove_job source', 'target!');

function guestOf(id: string): number {
  return Number(id.split('-')[0]);
}

function facts(cluster: Cluster, id: string, section: Section): Record<string, unknown> {
  const method = findMethod(cluster.version, 'POST', '/cluster/replication')?.method;
  const shown = shownSection(section, (key) =>
    method === undefined ? undefined : paramFacts(method, key),
  );
  const [guest, jobnum] = id.split('-').map(Number);
  return {...shown, id, type: 'local', guest, jobnum};
}

function listJobs(context: Context): Reply {
  const {cluster} = context;
  const visible = [...sectionsOf(cluster, file)].filter(([id]) =>
    may(context, `/vms/${guestOf(id)}`, ['VM.Audit']),
  );
  return data(visible.map(([id, section]) => facts(cluster, id, section)));
}

function requireStarted(cluster: Cluster, id: string): Section {
  return sectionsOf(cluster, file).get(id) ?? fail(500, `no such replication job '${id}'`);
}

function showJob(context: Context): Reply {
  const {cluster, path} = context;
  const {id = ''} = path;
  const section = requireStarted(cluster, id);
  require403(context, `/vms/${guestOf(id)}`, ['VM.Audit']);
  return data({...facts(cluster, id, section), digest: sectionDigest(cluster, file)});
}

function createJob({cluster, params}: Context): Reply {
  const {id: asked = '', type: _, ...rest} = params;
  const id = asked.split('-').map(Number).join('-');
  const vmid = guestOf(id);
  const guest = cluster.guests.get(vmid) ?? fail(500, `Guest '${vmid}' does not exist.`);
  const {target = '', source = guest.node} = rest;
  // A node alone knows no member, not even itself.
  if (cluster.nodes.get(target)?.listed !== true || memberNodes(cluster).length < 2) {
    fail(500, `Target '${target}' does not exist.`);
  }
  if (source !== guest.node) {
    const what = `does not match current node of guest '${vmid}' (${guest.node})`;
    fail(500, `Source '${source}' ${what}`);
  }
  if (target === guest.node) {
    fail(500, 'Source and target must not be identical');
  }
  requireReplicable(cluster, guest);
  if (sectionsOf(cluster, file).has(id)) {
    fail(500, `replication job '${id}' already exists`);
  }
  const section: Section = new Map();
  setProperties(section, checkedProperties(uses, {...rest, source}, true));
  for (const [other, one] of sectionsOf(cluster, file)) {
    if (guestOf(other) === vmid && one.get('target') === target) {
      fail(500, `replication job for guest '${vmid}' to target '${target}' already exists`);
    }
  }
  sectionsOf(cluster, file).set(id, section);
  recordEffect(cluster, 'replication', vmid, `${id} created`);
  return nothing;
}

/** Only volumes of ZFS can be replicated; one that cannot and is not left out is an error. */
function requireReplicable(cluster: Cluster, guest: Guest): void {
  const keys =
    guest.kind === 'qemu' ? /^(?:ide|sata|scsi|virtio|efidisk|tpmstate)\d+$/ : /^(?:rootfs|mp\d+)$/;
  let found = false;
  for (const [key, text] of guest.config) {
    const volid = text.split(',')[0]?.replace(/^(?:file|volume)=/, '') ?? '';
    const volume = findVolume(cluster, guest.node, volid);
    if (
      !keys.test(key) ||
      volume === undefined ||
      /(?:^|,)(?:media=cdrom|replicate=0)/.test(text)
    ) {
      continue;
    }
    if (cluster.storages.get(volume.storage)?.type !== 'zfspool') {
      fail(500, `missing replicate feature on volume '${volid}'`);
    }
    found = true;
  }
  if (!found) {
    fail(500, 'No replicatable volumes found');
  }
}

function updateJob(context: Context): Reply {
  const {cluster, params, path} = context;
  const {id = ''} = path;
  const {digest, delete: _, ...rest} = params;
  requireDigest(cluster, file, digest);
  const section = sectionsOf(cluster, file).get(id) ?? fail(500, `no such job '${id}'`);
  const values = checkedProperties(uses, rest, false);
  deleteProperties(uses, new Map(), list(context, 'delete'), {});
  setProperties(section, values);
  deleteProperties(uses, section, list(context, 'delete'), {});
  recordEffect(cluster, 'replication', guestOf(id), `${id} updated`);
  return nothing;
}

/** A job is only marked; the next run would remove it. With `force` it is gone at once. */
function deleteJob(context: Context): Reply {
  const {cluster, path} = context;
  const {id = ''} = path;
  const jobs = sectionsOf(cluster, file);
  if (flag(context, 'force')) {
    if (flag(context, 'keep')) {
      paramError({keep: "conflicts with parameter 'force'"});
    }
    jobs.delete(id);
  } else {
    const section = jobs.get(id) ?? fail(500, `no such job '${id}'`);
    section.set('remove_job', flag(context, 'keep') ? 'local' : 'full');
  }
  recordEffect(cluster, 'replication', guestOf(id), `${id} deleted`);
  return nothing;
}

function stateOf(cluster: Cluster, node: string, id: string, section: Section): object {
  const guest = cluster.guests.get(guestOf(id));
  const [next = 0] = nextEvents(section.get('schedule') ?? '*/15', nodeSeconds(cluster, node), 1);
  const nextSync = section.has('remove_job') ? 1 : next;
  const never = {last_sync: 0, last_try: 0, fail_count: 0, duration: 0};
  return {...facts(cluster, id, section), ...never, vmtype: guest?.kind, next_sync: nextSync};
}

/** The jobs of the guests that are on the node. */
function jobsHere({cluster, node}: Context): readonly (readonly [string, Section])[] {
  return [...sectionsOf(cluster, file)].filter(
    ([id]) => cluster.guests.get(guestOf(id))?.node === node,
  );
}

function listStates(context: Context): Reply {
  const {cluster, node, params} = context;
  const wanted = jobsHere(context).filter(
    ([id]) => params.guest === undefined || guestOf(id) === Number(params.guest),
  );
  for (const [id] of wanted) {
    require403(context, `/vms/${guestOf(id)}`, ['VM.Audit']);
  }
  return data(wanted.map(([id, section]) => stateOf(cluster, node, id, section)));
}

function showState(context: Context): Reply {
  const {cluster, node, path} = context;
  const {id = ''} = path;
  const found = jobsHere(context).find(([one]) => one === id);
  const [, section] = found ?? fail(500, `no such replication job '${id}'`);
  require403(context, `/vms/${guestOf(id)}`, ['VM.Audit']);
  return data(stateOf(cluster, node, id, section));
}

function showLog(context: Context): Reply {
  const {id = ''} = context.path;
  requireStarted(context.cluster, id);
  require403(context, `/vms/${guestOf(id)}`, ['VM.Audit']);
  return data({n: 1, t: 'unable to open file - No such file or directory'}, {total: 1});
}
