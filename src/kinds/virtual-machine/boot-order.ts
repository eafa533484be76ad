// Why this exists: Proxmox unplugs no disk that the guest boots from, takes a device that leaves out
// of the order by itself, and refuses an order that names what is not there (qemu-server,
// `get_bootdisks`, `vm_deviceunplug` and `update_vm_api`).
import type {Finding} from '../../core/action.ts';
import type {Desired, Observed} from '../../core/model.ts';
import {configuredOf, type LiveConfig} from '../guest/live-config.ts';
import {parseProperties} from '../guest/property-string.ts';
import {isDriveSlot} from './drive.ts';
import {deviceOf, type SortedEdits} from './edits.ts';
import {keyFactsOf, placeOfField} from './field-path.ts';
import type {Draft} from './step-draft.ts';

/** The devices of a configuration's boot order; empty where it says none. */
export function bootOrderOf(config: LiveConfig): readonly string[] {
  const facts = keyFactsOf(placeOfField('boot.order'));
  const boot = config.get('boot');
  if (facts === null || boot === undefined) return [];
  const order = parseProperties(boot, facts).get('order') ?? '';
  return order.split(/[,; ]+/).filter((device) => device !== '');
}

/** True for a drive that a running guest booted from, or would have: it is not unplugged. */
export function isBootDisk(slot: string, config: LiveConfig): boolean {
  if (!isDriveSlot(slot)) return false;
  const order = bootOrderOf(config);
  return order.length > 0 ? order.includes(slot) : config.get('bootdisk') === slot;
}

/** What the boot order has against these edits, given the calls that they come to. */
export function bootFindings(
  edits: SortedEdits,
  desired: Desired | null,
  observed: Observed,
  drafts: readonly Draft[],
): readonly Finding[] {
  const wanted = desired?.body['boot.order'];
  const order = Array.isArray(wanted) ? wanted : [];
  const leaving = leavingDevices(edits, observed);
  const named = [...leaving]
    .filter(([slot]) => order.includes(slot))
    .map(([slot, field]): Finding => {
      const detail = `boot.order still names ${slot}; take it out there too`;
      return {reason: 'waiting', detail, fields: [field]};
    });
  if (!edits.keys.some(({field}) => field === 'boot.order')) return named;
  const live = configuredOf(observed);
  const written = new Set(drafts.flatMap(({params}) => Object.keys(params)));
  const missing = order.filter((device) => {
    return !written.has(device) && (!live.has(device) || leaving.has(device));
  });
  if (missing.length === 0) return named;
  const detail = `boot.order names ${missing.join(', ')}, which the guest does not have`;
  return [...named, {reason: 'waiting', detail, fields: ['boot.order']}];
}

/** Devices that go, by their slot, with the field that says so. */
function leavingDevices(
  {devices, keys}: SortedEdits,
  observed: Observed,
): ReadonlyMap<string, string> {
  const fields = [...[...devices.values()].flat(), ...keys]
    .filter(({field, to}) => to === null && isSlot(field))
    .map(({field}) => field);
  return new Map(fields.map((field) => [slotOf(field, observed), field]));
}

function isSlot(field: string): boolean {
  return deviceOf(field) === field || /^(networks|config)\.[a-z]+\d+$/.test(field);
}

function slotOf(field: string, observed: Observed): string {
  if (field !== 'cloudInit.drive') return field.slice(field.indexOf('.') + 1);
  return String(observed.body['cloudInit.drive.slot']);
}
