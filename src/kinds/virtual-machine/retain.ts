// Why this exists: disks that are to outlive their guest are given to another one before it is
// destroyed. What cannot be given, or cannot be told from what is to go, holds the deletion.
// Source: qemu-server e6352be6, move_vm_disk: same node, source off, neither a template nor locked,
// no snapshot on the disk; the volume is renamed and keeps its data.
import type {Finding} from '../../core/action.ts';
import type {StepRequest} from '../../core/kind.ts';
import type {Claim, Observed, ResourceKey, Retention} from '../../core/model.ts';
import {HOLD_TAG} from '../../core/suspension.ts';
import {listingOf} from '../guest/listing.ts';
import {configuredOf, type LiveConfig, readPending} from '../guest/live-config.ts';
import {ownershipOf} from '../guest/marker.ts';
import {type GuestPlace, reassign} from './drafts.ts';
import {readDrive, volumeOwner} from './drive.ts';
import {pendingPath, vmidOfKey} from './reads.ts';
import {snapshotsOf} from './snapshots.ts';
import type {Draft} from './step-draft.ts';

/** What is kept of a guest that goes, and how. */
export interface Kept {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
  /** Volumes that do not go. */
  readonly volumes: readonly string[];
  /** In words, for whoever approves. */
  readonly says: readonly string[];
  readonly claims: readonly Claim[];
  readonly after: readonly ResourceKey[];
}

const NOTHING: Kept = {
  drafts: [],
  findings: [],
  volumes: [],
  says: [],
  claims: [],
  after: [],
};

/** How many `unusedN` Proxmox has. */
const UNUSED = 256;
/** Slots from which neighbours begin to look, so that deletions at once do not meet in one. */
const APART = 16;

/** What the retention of a guest comes to, before it is destroyed. */
export function keptOf(request: StepRequest, observed: Observed, guest: GuestPlace): Kept {
  const retention = retentionOf(request);
  if (retention === null) return NOTHING;
  const found = retention.fields.map((field) => find(field, request, observed));
  const present = found.filter((one) => one.kind === 'here');
  const missing = found.flatMap((one) => (one.kind === 'gone' ? [one.finding] : []));
  const holder = vmidOfKey(retention.to) ?? 0;
  const taker = takerOf(retention.to, request, guest);
  const common = {
    volumes: present.map(({volume}) => volume),
    says: present.map(({slot, volume}) => `${slot} (${volume}), given to guest ${holder}`),
    claims: [{space: 'vmid', value: String(holder), exclusive: false, path: 'retainDisks'}],
    after: [retention.to],
  } as const;
  if (present.length === 0) return {...NOTHING, findings: missing};
  if (taker.kind === 'none') {
    return {...NOTHING, ...common, findings: [taker.finding, ...missing]};
  }
  const free = freeUnused(taker.config, guest.vmid);
  const drafts = present.map(({slot, field, live}, index) => {
    const unused = free[index] ?? 'unused255';
    return reassign(guest, slot, taker.other, {unused, field, live});
  });
  const findings = [...missing, ...snapshotFindings(observed, guest.vmid, request)];
  return {...common, drafts, findings};
}

/** Who keeps what: the document's word for a replacement, else that of the record. */
function retentionOf({verb, desired, record}: StepRequest): Retention | null {
  return (verb === 'replace' ? desired?.retain : record?.retain) ?? null;
}

type Found =
  | {
      readonly kind: 'here';
      readonly field: string;
      /** The field where it stands now. */
      readonly live: string;
      readonly slot: string;
      readonly volume: string;
    }
  | {readonly kind: 'not-ours'}
  | {readonly kind: 'gone'; readonly finding: Finding};

function find(field: string, {record}: StepRequest, observed: Observed): Found {
  const config = configuredOf(observed);
  const vmid = vmidOfKey(observed.key);
  const slot = field.slice('disks.'.length);
  const text = config.get(slot);
  const drive = text === undefined ? null : readDrive(slot, text);
  if (drive?.kind === 'disk') {
    // Proxmox destroys only what carries the guest's own number.
    if (volumeOwner(drive.file) !== vmid) return {kind: 'not-ours'};
    return {kind: 'here', field, live: field, slot, volume: drive.file};
  }
  const [former] = (record?.detached?.[field] ?? '').split(',');
  const unused = [...config].find(
    ([key, value]) => /^unused\d+$/.test(key) && value.split(',')[0] === former,
  );
  if (unused !== undefined && former !== undefined) {
    return {kind: 'here', field, live: `unused.${unused[0]}`, slot: unused[0], volume: former};
  }
  const detail = `${slot}, which is to be kept, is not there, and may be what would be destroyed`;
  const remedy = 'bring the manifest back without it in retainDisks, or put the disk back';
  return {kind: 'gone', finding: {reason: 'waiting', detail: `${detail}; ${remedy}`}};
}

type Taker =
  | {
      readonly kind: 'taker';
      readonly other: Draft['other'] & {};
      readonly config: LiveConfig;
    }
  | {readonly kind: 'none'; readonly finding: Finding};

/** The guest that takes the disks: ours by marker and record, on the same node, no template. */
function takerOf(key: ResourceKey, request: StepRequest, {node}: GuestPlace): Taker {
  const {inventory, installation, cluster, records} = request;
  const vmid = vmidOfKey(key) ?? 0;
  const answer = listingOf(inventory);
  const guest = answer.kind === 'listing' ? answer.listing.guests.get(vmid) : undefined;
  const none = (reason: Finding['reason'], detail: string): Taker => {
    return {kind: 'none', finding: {reason, detail: `guest ${vmid}, which keeps disks, ${detail}`}};
  };
  if (guest?.type !== 'qemu') return none('waiting', 'is not there');
  if (guest.node !== node) return none('waiting', `is on ${guest.node}; move it to ${node} first`);
  const read = inventory.reads[pendingPath(node, vmid)];
  const config = read?.outcome.ok ? readPending(read.outcome.data)?.configured : undefined;
  if (config === undefined) return none('incomplete', 'could not be read');
  const owner = ownershipOf(config.get('description') ?? '', {installation, cluster, vmid});
  const record = records?.get(key);
  if (owner.kind !== 'ours' || record === undefined) return none('not-ours', 'is not managed here');
  if (config.get('template') === '1') return none('in-use', 'is a template, which takes none');
  const tags = (config.get('tags') ?? '').toLowerCase().split(/[;, ]+/);
  if (tags.includes(HOLD_TAG)) return none('suspended', `carries the tag ${HOLD_TAG}`);
  const lock = config.get('lock');
  if (lock !== undefined) return none('locked', `is locked (${lock})`);
  return {kind: 'taker', other: {key, vmid, node, witness: record.witness}, config};
}

/** Free `unusedN` of the taker, from a place that is the giver's own. */
function freeUnused(config: LiveConfig, vmid: number): readonly string[] {
  const all = Array.from({length: UNUSED}, (_, index) => {
    return `unused${(vmid * APART + index) % UNUSED}`;
  });
  return all.filter((slot) => !config.has(slot));
}

/** Proxmox gives no disk away that a snapshot needs. */
function snapshotFindings(
  observed: Observed,
  vmid: number,
  {inventory}: StepRequest,
): readonly Finding[] {
  const names = snapshotsOf(observed.node, vmid, inventory);
  if (names.length === 0) return [];
  const detail = `disks that are to be kept are not given away while snapshots need them`;
  return [{reason: 'in-use', detail: `${detail}; delete ${names.join(', ')} first`}];
}
