// Why this exists: a guest is known to more than its own configuration: backup jobs, replication
// and HA name it, a pool holds it, a firewall guards it. A deletion that is not told of them leaves
// jobs that fail, or is refused half-way; what could not be read is not taken for nothing there.
// Source: qemu-server e6352be6, destroy_vm: without purge HA and replication refuse the deletion
// and backup jobs keep the number; pool, permissions and firewall rules go with the guest.
import type {Finding} from '../../core/action.ts';
import {isObject, type Json, type JsonObject} from '../../core/json.ts';
import type {Inventory, Observed} from '../../core/model.ts';

type Entry = {readonly [key: string]: unknown};

const BACKUP = '/cluster/backup';
/** Where replication jobs are listed. */
export const REPLICATION = '/cluster/replication';
const HA = '/cluster/ha/resources';

/** What is read before a guest is deleted, besides the guest. */
export function membershipPaths(node: string, vmid: number): readonly string[] {
  return [BACKUP, REPLICATION, HA, rulesPath(node, vmid)];
}

/** Who names the guest and forbids its deletion, and what could not be read of it. */
export function membershipFindings(
  observed: Observed,
  vmid: number,
  inventory: Inventory,
): readonly Finding[] {
  const jobs = listAt(BACKUP, inventory);
  const replicas = listAt(REPLICATION, inventory);
  const resources = listAt(HA, inventory);
  const rules = rulesPath(observed.node, vmid);
  return [
    ...jobs.flatMap((job) => (names(job, vmid) ? [inJob(job, vmid)] : [])),
    ...replicas.flatMap((job) => (isAbout(job, vmid) ? [replicated(job)] : [])),
    ...resources.flatMap((one) => (one['sid'] === `vm:${vmid}` ? [managed(one)] : [])),
    ...unread(BACKUP, 'a backup job names it', 'Sys.Audit on /', inventory),
    ...unread(REPLICATION, 'it is replicated', `VM.Audit on /vms/${vmid}`, inventory),
    ...unread(HA, 'HA lists it', 'Sys.Audit on /', inventory),
    ...unread(rules, 'it has firewall rules', `VM.Audit on /vms/${vmid}`, inventory),
  ];
}

/** Targets of a guest's replication jobs, as far as they were read. */
export function replicasOf(vmid: number, inventory: Inventory): readonly string[] {
  const jobs = listAt(REPLICATION, inventory).filter((job) => isAbout(job, vmid));
  return jobs.map(({target}) => String(target));
}

/** What goes with the guest besides its volumes and snapshots, in words. */
export function membershipFacts(
  observed: Observed,
  vmid: number,
  inventory: Inventory,
): JsonObject {
  const {pool} = observed.body;
  const rules = listAt(rulesPath(observed.node, vmid), inventory).length;
  const also: readonly string[] = [
    ...(typeof pool === 'string' ? [`its place in pool ${pool}`] : []),
    ...(rules === 0 ? [] : [`${rules} firewall ${rules === 1 ? 'rule' : 'rules'}`]),
  ];
  return also.length === 0 ? {} : {also: [...also]};
}

function rulesPath(node: string, vmid: number): string {
  return `/nodes/${node}/qemu/${vmid}/firewall/rules`;
}

function names({vmid: list}: Entry, vmid: number): boolean {
  return String(list ?? '')
    .split(/[,; ]+/)
    .includes(String(vmid));
}

function inJob(job: Entry, vmid: number): Finding {
  const alone = String(job['vmid']) === String(vmid);
  const remedy = alone ? 'delete that job first' : 'take it out of that job first';
  return {reason: 'in-use', detail: `backup job ${String(job['id'])} names it; ${remedy}`};
}

function isAbout({guest, id}: Entry, vmid: number): boolean {
  return String(guest ?? String(id ?? '').split('-')[0]) === String(vmid);
}

function replicated({id, target}: Entry): Finding {
  const where = typeof target === 'string' ? ` to ${target}` : '';
  const detail = `replication job ${String(id)} copies it${where}; remove that job first`;
  return {reason: 'in-use', detail};
}

function managed({state}: Entry): Finding {
  const as = typeof state === 'string' ? ` (${state})` : '';
  const detail = `it is a resource of HA${as}; take it out there first`;
  return {reason: 'ha-managed', detail};
}

function listAt(path: string, inventory: Inventory): readonly Entry[] {
  const outcome = inventory.reads[path]?.outcome;
  const data: Json = outcome?.ok ? outcome.data : [];
  return Array.isArray(data) ? data.filter(isObject) : [];
}

function unread(
  path: string,
  what: string,
  privilege: string,
  inventory: Inventory,
): readonly Finding[] {
  const outcome = inventory.reads[path]?.outcome;
  if (outcome?.ok && Array.isArray(outcome.data)) return [];
  const says = `whether ${what} is not known`;
  if (outcome === undefined) return [{reason: 'incomplete', detail: `${says}: it was not read`}];
  if (outcome.ok) return [{reason: 'incomplete', detail: `${says}: the answer is no list`}];
  const {kind, message} = outcome.error;
  const why = kind === 'forbidden' ? `the token needs ${privilege}` : message;
  return [{reason: 'incomplete', detail: `${says}: ${why}`}];
}
