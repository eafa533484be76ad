// Why this exists: a template may lie on another node than the guest is wanted on. On storage that
// both nodes share, Proxmox clones across; else the clone is made beside its template and moved, in
// one action, before anything else is done to it. What cannot be moved is refused with the remedy.
import type {Finding} from '../../core/action.ts';
import type {ApiParam} from '../../core/model.ts';
import type {Listing} from '../guest/listing.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import type {CloneCreation} from './creation.ts';
import type {Drive} from './drive.ts';
import {deviceFindings, volumesOf} from './migration.ts';
import {diskStorages, isShared, storageOn, whyNotSent} from './transfer.ts';

/** Where a clone is made, and how it comes to where it is wanted. */
export interface ClonePlace {
  /** Node on which the new guest appears. */
  readonly node: string;
  /** `storage` and `target` of the cloning call. */
  readonly params: {readonly [key: string]: ApiParam};
  /** The move after it; null where none is needed. */
  readonly move: CloneMove | null;
  readonly findings: readonly Finding[];
  /** Storages that the copy is read from and written to, for the limits. */
  readonly storages: readonly string[];
}

/** The offline migration of a fresh clone. */
export interface CloneMove {
  readonly target: string;
  readonly options: {readonly [key: string]: ApiParam};
  readonly volumes: readonly Drive[];
}

/** What the place of a clone is a function of. */
export interface PlaceInput {
  readonly clone: CloneCreation;
  /** Whether every disk is copied, and none stands on the template's. */
  readonly full: boolean;
  readonly template: {readonly node: string; readonly config: LiveConfig};
  readonly wanted: string;
  readonly listing: Listing;
}

/** Decides where to clone and whether to move. */
export function clonePlace(input: PlaceInput): ClonePlace {
  const {clone, template, wanted, listing} = input;
  const volumes = volumesOf(template.config);
  const names = [...new Set(volumes.flatMap(({storage}) => storage ?? []))];
  const hidden = names.filter((name) => storageOn(name, template.node, listing) === undefined);
  const onto = clone.storage === undefined ? [] : [clone.storage];
  const made = {node: wanted, move: null, findings: [], storages: storagesOf(names, onto)};
  const params = clone.storage === undefined ? {} : {storage: clone.storage};
  if (wanted === template.node) return {...made, params};
  if (hidden.length > 0) return {...made, params, findings: [unseen(hidden, template.node)]};
  const shared = [...names, ...onto].every((name) => isShared(name, template.node, listing));
  if (!shared) return movedClone(input, volumes);
  const missing = (onto.length > 0 ? onto : names).filter((name) => {
    return storageOn(name, wanted, listing) === undefined;
  });
  const findings = missing.map((name) => noStorage(name, wanted, listing));
  return {...made, params: {...params, target: wanted}, findings};
}

function movedClone(input: PlaceInput, volumes: readonly Drive[]): ClonePlace {
  const {clone, full, template, wanted, listing} = input;
  const names = [...new Set(volumes.flatMap(({storage}) => storage ?? []))];
  // A storage that only the wanted node has is reached by the move, not by the clone.
  const {storage} = clone;
  const early = storage !== undefined && storageOn(storage, template.node, listing) !== undefined;
  const late = storage !== undefined && !early;
  const lies = (name: string | null) => (early ? storage : name) ?? '';
  const local = volumes.filter((drive) => !isShared(lies(drive.storage), template.node, listing));
  const sent = local.flatMap((drive) => {
    const from = lies(drive.storage);
    return sendFindings(drive, from, {...input, onto: late ? storage : from});
  });
  const apart = late && local.length < volumes.length;
  return {
    node: template.node,
    params: early ? {storage} : {},
    move: {
      target: wanted,
      options: late ? {targetstorage: storage} : {},
      volumes: local,
    },
    findings: [
      ...(full ? [] : [linkedAway(input)]),
      ...(apart ? [mixedStorages(input)] : []),
      ...distinct(sent),
      ...deviceFindings(template.config, template.node, listing),
    ],
    storages: storagesOf(names, storage === undefined ? [] : [storage]),
  };
}

function sendFindings(
  drive: Drive,
  from: string,
  {template, wanted, listing, onto}: PlaceInput & {readonly onto: string},
): readonly Finding[] {
  const source = storageOn(from, template.node, listing);
  const target = storageOn(onto, wanted, listing);
  // An offline node is said elsewhere, and lists no storages.
  if (listing.nodes.get(wanted) !== true || source === undefined) return [];
  if (target === undefined) return [noStorage(onto, wanted, listing)];
  const why = whyNotSent(drive, source, target);
  if (why === null) return [];
  const detail = `a clone made on ${template.node} cannot be moved to ${wanted}: ${why}`;
  return [{reason: 'in-use', detail: `${detail}; clone.storage names where it goes`}];
}

function noStorage(name: string, node: string, listing: Listing): Finding {
  const others = diskStorages(node, listing);
  const choice = others.length === 0 ? 'there is none for disks' : `it has ${others.join(', ')}`;
  const detail = `${node} has no storage ${name} for the clone`;
  return {reason: 'in-use', detail: `${detail}; name one in clone.storage (${choice})`};
}

function linkedAway({clone, template, wanted}: PlaceInput): Finding {
  const detail = `a linked clone stays beside its template ${clone.vmid} on ${template.node}`;
  return {
    reason: 'waiting',
    detail: `${detail}, and ${wanted} is asked for; write clone.full: true, or that node`,
  };
}

function mixedStorages({clone, wanted}: PlaceInput): Finding {
  const detail = `some disks of ${clone.vmid} are shared, and only ${wanted} has ${clone.storage}`;
  return {reason: 'in-use', detail: `${detail}; name a storage that both nodes have`};
}

/** Without Datastore.Audit a storage is missing from the list, which does not make it local. */
function unseen(names: readonly string[], node: string): Finding {
  const detail = `whether ${node}'s storage ${names.join(', ')} is shared is not known`;
  return {reason: 'incomplete', detail: `${detail}; the token needs Datastore.Audit on it`};
}

function storagesOf(names: readonly string[], onto: readonly string[]): readonly string[] {
  return onto.length > 0 ? onto : names;
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [finding.detail, finding])).values()];
}
