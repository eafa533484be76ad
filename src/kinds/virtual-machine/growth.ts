// Why this exists: a disk grows at once, but a change of it that waits for a stop and start still
// names the old size and would bring it back.
import type {Finding} from '../../core/action.ts';
import type {FieldValue, Observed} from '../../core/model.ts';
import {configuredOf, type LiveConfig} from '../guest/live-config.ts';
import {formatProperties, mergeProperties} from '../guest/property-string.ts';
import {formatDiskSize} from '../guest/quantity.ts';
import type {Edit} from './compose.ts';
import type {DeviceInput, DeviceSteps} from './device-calls.ts';
import {resize, writeConfig} from './drafts.ts';
import {driveFacts, readDrive} from './drive.ts';

/**
 * The size that a disk has, in bytes; null where it is not known. A string that waits may name one
 * that is no longer true, so that the larger counts: no disk ever shrinks.
 */
export function sizeNow(observed: Pick<Observed, 'body' | 'active'>, field: string): number | null {
  const known = [observed.body[field], observed.active[field]].filter(isNumber);
  return known.length === 0 ? null : Math.max(...known);
}

function isNumber(value: FieldValue | undefined): value is number {
  return typeof value === 'number';
}

/** Image files that can be made and not grown (pve-storage, `volume_resize`). */
const RIGID = /\.(?:vmdk|qcow|qed|cloop)$/;

/**
 * Grows a disk. A drive string that waits for a stop and start still names the old size and would
 * bring it back, so it is written again afterwards.
 */
export function addResize(
  steps: DeviceSteps,
  device: string,
  slot: string,
  size: number,
  rewritten: boolean,
  {guest, observed, pending}: DeviceInput,
): void {
  const field = `${device}.size`;
  const live = sizeNow(observed, field);
  if (live !== null && size < live) {
    const detail = `${slot} has ${formatDiskSize(live)}; Proxmox cannot make it smaller`;
    steps.findings.push({
      reason: 'shrink',
      detail: `${detail} (${formatDiskSize(size)} is wanted)`,
      fields: [field],
    });
    return;
  }
  const {file} = readDrive(slot, configuredOf(observed).get(slot) ?? '');
  if (RIGID.test(file) && live !== null && size > live) {
    const detail = `${slot} is ${file}, and Proxmox grows no image of this format`;
    steps.findings.push({
      reason: 'waiting',
      detail: `${detail}; move it as qcow2`,
      fields: [field],
    });
    return;
  }
  if (live === null || size > live) steps.resize.push(resize(guest, slot, field, size));
  const waits = Object.keys(observed.active).some((path) => path.startsWith(`${device}.`));
  if (!waits && !(pending && rewritten)) return;
  const text = rewriteText(slot, size, steps, configuredOf(observed));
  steps.resize.push(
    writeConfig(guest, {
      says: `write the pending ${slot} again with its new size`,
      set: {[slot]: text},
      fields: [device],
      expect: {[field]: size},
    }),
  );
}

/** Two disks whose sizes change places were swapped in the text: none of them shall grow for it. */
export function swapFindings(edits: readonly Edit[], observed: Observed): readonly Finding[] {
  const sizes = edits.flatMap(({field, to}) => {
    const live = sizeNow(observed, field);
    const isSize = /^disks\.[^.]+\.size$/.test(field);
    return isSize && typeof to === 'number' && live !== null ? [{field, live, to}] : [];
  });
  return sizes.flatMap(({field, live, to}): readonly Finding[] => {
    const other = sizes.find((one) => to > live && one.live === to && one.to === live);
    if (other === undefined) return [];
    const [grows, shrinks] = [field, other.field].map((path) => path.split('.')[1] ?? '');
    const detail = `${grows} would get the size of ${shrinks} and ${shrinks} that of ${grows}`;
    const remedy = 'were the two swapped? a disk stays in its slot';
    return [{reason: 'shrink', detail: `${detail}: ${remedy}`, fields: [field]}];
  });
}

function rewriteText(slot: string, size: number, steps: DeviceSteps, live: LiveConfig): string {
  const written = steps.rewrite.at(-1)?.params[slot];
  const text = typeof written === 'string' ? written : (live.get(slot) ?? '');
  const parts = readDrive(slot, text).parts;
  const merged = mergeProperties(parts, new Map([['size', formatDiskSize(size)]]));
  return formatProperties(merged, driveFacts(slot));
}
