// Why this exists: the calls of one update, in the one order that is safe within a guest: deletions
// and detachments, configuration, growth, attachments, moves, cloud-init, migration, power last.
import type {Change, Finding} from '../../core/action.ts';
import type {StepRequest} from '../../core/kind.ts';
import type {Observed} from '../../core/model.ts';
import {listingOf} from '../guest/listing.ts';
import {configuredOf} from '../guest/live-config.ts';
import type {Marker} from '../guest/marker.ts';
import {bootFindings} from './boot-findings.ts';
import type {Edit, SortedEdits} from './compose.ts';
import {cloneOf} from './creation.ts';
import {type DeviceSteps, noDeviceSteps} from './device-calls.ts';
import {addDeviceSteps, withKeptSlots} from './device-steps.ts';
import {
  type GuestPlace,
  migrate,
  regenerateCloudInit,
  setPool,
  shutdown,
  start,
  stop,
  writeConfig,
} from './drafts.ts';
import {cloudInitDrive, drivesOf, isBaseVolume} from './drive.ts';
import {sortEdits} from './edits.ts';
import {swapFindings} from './growth.ts';
import {keyFindings} from './key-findings.ts';
import {keySteps} from './key-steps.ts';
import {migrationOptions} from './migration.ts';
import {vmidOfKey} from './reads.ts';
import {startFindings} from './startable.ts';
import type {Draft} from './step-draft.ts';
import {keepDrafts, stillAttached, withKept, withoutKept} from './still-attached.ts';
import {storageOn} from './transfer.ts';

/** Calls of an update, with what speaks against them. */
export interface UpdateSteps {
  readonly drafts: readonly Draft[];
  readonly findings: readonly Finding[];
  readonly writes: readonly string[];
}

/** How long a guest may take to shut down when nothing says otherwise, in seconds. */
const SHUTDOWN_S = 180;

/** The calls for the changes of one update. */
export function updateSteps(request: StepRequest, found: Observed, marker: Marker): UpdateSteps {
  const kept = stillAttached(request.changes, found);
  const observed = withKept(found, kept);
  const onto = strandedOnto(request, observed);
  const changes = withoutMoved(withoutKept(request.changes, kept), onto);
  const edits = sortEdits(changes, request.desired, observed);
  const guest = {node: observed.node, vmid: marker.vmid};
  const devices = deviceSteps(edits, request, observed, guest);
  const order = edits.keys.filter(({field}) => field === 'boot.order');
  const last = devices.cold.length > 0 ? order : [];
  const late = last.length === 0 && devices.attach.length > 0 ? order : [];
  const takesOut = devices.detach.length + devices.cold.length > 0;
  const bare = takesOut ? edits.keys.filter(isUnprotecting) : [];
  const refused = edits.keys.filter(({field}) => edits.refusedRunning.includes(field));
  const cold = [...refused, ...last];
  const other = [...late, ...bare, ...cold];
  const early = edits.keys.filter((edit) => !other.includes(edit));
  const input = {guest, observed, marker, inForce: edits.inForce};
  const keys = keySteps(early, input);
  const migration = migrationDrafts(edits, observed, onto, request);
  const stopped = [...devices.cold, ...keySteps(cold, input).write];
  const drafts = [
    ...keepDrafts(kept, observed, guest),
    ...keySteps(bare, input).write,
    ...keys.detach,
    ...devices.detach,
    ...unusedDrafts(edits, guest),
    ...keys.write,
    ...devices.rewrite,
    ...devices.resize,
    ...devices.attach,
    ...devices.move,
    ...keySteps(late, input).write,
    ...(edits.pool === undefined ? [] : [setPool(guest, edits.pool, observed.body['pool'])]),
    ...cloudInitDrafts(edits, observed, guest),
    ...migration.drafts,
    ...powerDrafts(edits, observed, migration.guest, stopped),
  ];
  return {
    drafts,
    findings: [
      ...devices.findings,
      ...swapFindings([...edits.devices.values()].flat(), observed),
      ...migration.findings.map((finding) => ({...finding, fields: ['node']})),
      ...protectionFindings(edits, devices, observed, bare.length > 0),
      ...keyFindings(edits.keys, {desired: request.desired, observed, marker}),
      ...bootFindings(edits, request.desired, observed, drafts),
      ...templateFindings(edits, observed),
      ...startFindings(edits, observed, marker),
    ],
    writes: edits.writes,
  };
}

/** Proxmox lets no disk go while protection is on. */
function isUnprotecting({field, to}: Edit): boolean {
  return field === 'protection' && to !== true;
}

function protectionFindings(
  edits: SortedEdits,
  devices: DeviceSteps,
  observed: Observed,
  lifted: boolean,
): readonly Finding[] {
  const removes = devices.detach.length + devices.cold.length + edits.unused.length > 0;
  if (!removes || !observed.protection || lifted) return [];
  const detail = 'Proxmox takes no disk out of a protected guest; first take protection off';
  return [{reason: 'protected', detail}];
}

/** What is marked as a template cannot be started again. */
function templateFindings(edits: SortedEdits, observed: Observed): readonly Finding[] {
  const edit = edits.keys.find(({field}) => field === 'config.template');
  if (edit === undefined) return [];
  const base = drivesOf(configuredOf(observed)).find(({file}) => isBaseVolume(file));
  if (edit.to !== true && base !== undefined) {
    const what = `${base.file} (${base.slot}) is a base volume, on which linked clones may stand`;
    const detail = `${what}; Proxmox makes no guest of a template again, clone it instead`;
    return [{reason: 'in-use', detail, fields: ['config.template']}];
  }
  const marks = edit.to === true;
  if (!marks || observed.power === 'stopped' || edits.power === 'stopped') return [];
  const detail = 'it runs, and what is marked as a template cannot be started again';
  const remedy = `${detail}; stop it first (power: stopped)`;
  return [{reason: 'waiting', detail: remedy, fields: ['config.template']}];
}

/** Shutdown of a running guest, stop of a paused one. */
export function shutdownDraft(guest: GuestPlace, observed: Observed): Draft {
  if (observed.power === 'paused') return stop(guest);
  const down = observed.body['startup.down'];
  return shutdown(guest, typeof down === 'number' && down > 0 ? down : SHUTDOWN_S);
}

function deviceSteps(
  edits: SortedEdits,
  request: StepRequest,
  observed: Observed,
  guest: GuestPlace,
): DeviceSteps {
  const steps = noDeviceSteps();
  const {desired, record} = request;
  const pending = observed.power !== 'stopped' && edits.cycle;
  const about = {guest, observed, pending, refused: edits.refusedRunning};
  for (const [device, list] of edits.devices) {
    addDeviceSteps(steps, device, list, {...about, desired, record});
  }
  return withKeptSlots(steps);
}

function unusedDrafts(edits: SortedEdits, guest: GuestPlace): readonly Draft[] {
  return edits.unused.map(({field}) => {
    const slot = field.slice('unused.'.length);
    return writeConfig(guest, {
      says: `delete the volume of ${slot} for good`,
      remove: [slot],
      fields: [field],
      expect: {[field]: null},
    });
  });
}

/** cloud-init runs again inside the guest at its next boot, with the new data. */
function cloudInitDrafts(
  edits: SortedEdits,
  observed: Observed,
  guest: GuestPlace,
): readonly Draft[] {
  const touched = edits.keys.some(({field}) => field.startsWith('cloudInit.'));
  if (!touched || cloudInitDrive(configuredOf(observed)) === null) return [];
  return [regenerateCloudInit(guest)];
}

function migrationDrafts(
  edits: SortedEdits,
  observed: Observed,
  onto: string | null,
  {key, inventory}: StepRequest,
) {
  const target = edits.node;
  const guest = {node: observed.node, vmid: vmidOfKey(key) ?? 0};
  if (typeof target !== 'string') return {drafts: [], findings: [], guest};
  const moved = migrationOptions({observed, target, inventory, onto});
  const drafts = [migrate(guest, target, moved.options, moved.volumes)];
  return {drafts, findings: moved.findings, guest: {...guest, node: target}};
}

/** The storage of the other node that a clone was to be moved to, and was not; else null. */
function strandedOnto({desired, record, changes, inventory}: StepRequest, observed: Observed) {
  const target = changes.find(({field}) => field === 'node')?.to;
  const storage = desired === null ? undefined : cloneOf(desired)?.storage;
  const answer = listingOf(inventory);
  if (record?.unfinished !== true || typeof target !== 'string') return null;
  if (storage === undefined || answer.kind !== 'listing') return null;
  const {listing} = answer;
  const isHere = storageOn(storage, observed.node, listing) !== undefined;
  return !isHere && storageOn(storage, target, listing) !== undefined ? storage : null;
}

/** The move of the guest brings its disks along; they are not moved a second time. */
function withoutMoved(changes: readonly Change[], onto: string | null): readonly Change[] {
  if (onto === null) return changes;
  return changes.filter(({field, to}) => to !== onto || !field.endsWith('.storage'));
}

/**
 * A stop and start where something waits for it, with what is refused while it runs in between;
 * otherwise what `power` asks for.
 */
function powerDrafts(
  edits: SortedEdits,
  observed: Observed,
  guest: GuestPlace,
  cold: readonly Draft[],
): readonly Draft[] {
  const runs = observed.power !== 'stopped';
  if (edits.power === 'stopped') return runs ? [shutdownDraft(guest, observed), ...cold] : [];
  if (edits.cycle && runs) return [shutdownDraft(guest, observed), ...cold, start(guest)];
  return edits.power === 'running' && !runs ? [start(guest)] : [];
}
