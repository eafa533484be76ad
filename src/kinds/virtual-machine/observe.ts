// Why this exists: what the inventory says of one guest. What could not be read is undetermined
// with a reason; absent is said only when Proxmox itself says that the VMID is free.
import {isObject, type Json} from '../../core/json.ts';
import type {ListedResource} from '../../core/kind.ts';
import type {
  Body,
  FieldValue,
  Inventory,
  Observation,
  Observed,
  ResourceKey,
} from '../../core/model.ts';
import {familyFacts} from '../guest/key-facts.ts';
import {equalValues} from '../guest/leaf.ts';
import {type ListedGuest, type Listing, listingOf} from '../guest/listing.ts';
import {type PendingConfig, rawConfig, readPending} from '../guest/live-config.ts';
import {ownershipOf} from '../guest/marker.ts';
import {parseProperties} from '../guest/property-string.ts';
import {projectConfig} from './project.ts';
import {freePath, pendingPath, statusPath, vmidOfKey} from './reads.ts';

/** The kind's name. */
export const KIND = 'VirtualMachine';

/** What the inventory says of a key. */
export function observe(key: ResourceKey, inventory: Inventory, installation: string): Observation {
  const vmid = vmidOfKey(key);
  if (vmid === null) return {kind: 'other', because: `${key} is no guest`};
  const answer = listingOf(inventory);
  if (answer.kind === 'unread') return undetermined('the list of guests was not read');
  if (answer.kind === 'unusable') return undetermined(answer.because);
  const guest = answer.listing.guests.get(vmid);
  if (!guest) return observeUnlisted(vmid, inventory);
  if (guest.type !== 'qemu') return {kind: 'other', because: `VMID ${vmid} is a container`};
  return observeListed(guest, answer.listing, inventory, installation);
}

/** Virtual machines of the listing; null where it was not read. */
export function listed(inventory: Inventory): readonly ListedResource[] | null {
  const answer = listingOf(inventory);
  if (answer.kind !== 'listing') return null;
  return [...answer.listing.guests.values()]
    .filter(({type}) => type === 'qemu')
    .map(({vmid, name, node, template}) => {
      return {key: `guest/${vmid}`, id: `qemu/${vmid}`, name, node, template};
    });
}

/** Lists are filtered silently, so that a guest may be there and not shown. */
function observeUnlisted(vmid: number, inventory: Inventory): Observation {
  const read = inventory.reads[freePath(vmid)];
  if (!read) return undetermined(`whether VMID ${vmid} is free was not asked`);
  if (read.outcome.ok) {
    const isAnswer = String(read.outcome.data) === String(vmid);
    return isAnswer ? {kind: 'absent'} : undetermined(`whether VMID ${vmid} is free was not said`);
  }
  const {error} = read.outcome;
  const taken = error.kind === 'parameter' || error.kind === 'exists';
  return undetermined(
    taken
      ? `VMID ${vmid} is taken, but the token may not see by what`
      : `whether VMID ${vmid} is free could not be asked: ${error.message}`,
  );
}

function observeListed(
  guest: ListedGuest,
  listing: Listing,
  inventory: Inventory,
  installation: string,
): Observation {
  const {vmid, node} = guest;
  if (listing.nodes.get(node) !== true) return undetermined(`node ${node} is offline`);
  const read = inventory.reads[pendingPath(node, vmid)];
  if (!read) return undetermined('its configuration was not read');
  if (!read.outcome.ok) {
    return undetermined(`its configuration could not be read: ${read.outcome.error.message}`);
  }
  const config = readPending(read.outcome.data);
  if (!config) return undetermined('its configuration is not what Proxmox answers');
  const status = inventory.reads[statusPath(node, vmid)];
  const live = status?.outcome.ok ? status.outcome.data : null;
  const owner = {installation, cluster: inventory.cluster, vmid};
  return {kind: 'present', observed: build(guest, config, live, owner)};
}

function build(
  guest: ListedGuest,
  config: PendingConfig,
  live: Json,
  owner: {readonly installation: string; readonly cluster: string; readonly vmid: number},
): Observed {
  const power = powerOf(guest, live);
  const {configured, active} = config;
  const body = withPlace(projectConfig(configured), guest, power);
  return {
    key: `guest/${guest.vmid}`,
    kind: KIND,
    name: configured.get('name') ?? guest.name,
    node: guest.node,
    body,
    active:
      active === configured ? {} : differing(body, withPlace(projectConfig(active), guest, power)),
    unreadable: configured.has('cipassword') ? ['cloudInit.password'] : [],
    ownership: ownershipOf(configured.get('description') ?? '', owner),
    witness: witnessOf(configured.get('smbios1')),
    lock: configured.get('lock') ?? guest.lock,
    digest: config.digest,
    power,
    protection: body['protection'] === true,
    ha: haOf(guest, live),
    raw: rawConfig(config),
  };
}

/** The fields that are no configuration. A paused guest counts as running: it holds its memory. */
function withPlace(body: Body, guest: ListedGuest, power: Observed['power']): Body {
  const run = power === 'paused' ? 'running' : power;
  return {
    ...body,
    node: guest.node,
    ...(run === 'unknown' ? {} : {power: run}),
    ...(guest.pool === null ? {} : {pool: guest.pool}),
  };
}

function differing(body: Body, active: Body): Body {
  const fields: {[path: string]: FieldValue} = {};
  for (const path of new Set([...Object.keys(body), ...Object.keys(active)])) {
    if (!equalValues(body[path], active[path])) fields[path] = active[path] ?? null;
  }
  return fields;
}

/** The node's own word wins over the listing, which lags. */
function powerOf(guest: ListedGuest, live: Json): Observed['power'] {
  if (!isObject(live)) return guest.status;
  const {status, qmpstatus} = live;
  if (status === 'stopped') return 'stopped';
  if (status !== 'running') return guest.status;
  const paused = ['paused', 'suspended', 'prelaunch'].includes(String(qmpstatus));
  return paused ? 'paused' : 'running';
}

function haOf(guest: ListedGuest, live: Json): string | null {
  const ha = isObject(live) ? live['ha'] : undefined;
  if (!isObject(ha) || ha['managed'] === undefined) return guest.ha;
  const managed = ha['managed'] === 1 || ha['managed'] === '1' || ha['managed'] === true;
  if (!managed || ha['state'] === 'ignored') return null;
  return typeof ha['state'] === 'string' ? ha['state'] : (guest.ha ?? 'managed');
}

/** A clone gets a new UUID, so the same one means the same guest. */
function witnessOf(smbios: string | undefined): string | null {
  if (smbios === undefined) return null;
  return parseProperties(smbios, familyFacts('smbios1')).get('uuid')?.toLowerCase() ?? null;
}

function undetermined(because: string): Observation {
  return {kind: 'undetermined', because};
}
