// Why this exists: Proxmox takes a device that leaves out of the boot order by itself, and refuses
// an order that names what is not there (qemu-server, `update_vm_api`).
import type {Finding} from '../../core/action.ts';
import type {Desired, Observed} from '../../core/model.ts';
import {configuredOf} from '../guest/live-config.ts';
import type {SortedEdits} from './compose.ts';
import {deviceOf} from './edits.ts';
import type {Draft} from './step-draft.ts';

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
