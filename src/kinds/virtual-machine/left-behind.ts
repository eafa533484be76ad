// Why this exists: a disk is its slot. Who writes it under another one (scsi0 becomes virtio0) gets
// a new, empty disk there, and may have meant the volume; that is said while nothing is done yet.
import {diagnose} from '../../core/diagnostic.ts';
import type {StepRequest} from '../../core/kind.ts';
import type {Diagnostic, Observed} from '../../core/model.ts';
import {configuredOf} from '../guest/live-config.ts';
import {VM_PLAN_CODES} from './codes.ts';
import {importOf} from './creation.ts';
import {volumeOwner} from './drive.ts';
import {vmidOfKey} from './reads.ts';

/** A warning for each new disk that is as large as one that leaves its slot. */
export function leftBehind(request: StepRequest): readonly Diagnostic[] {
  const {desired, observed, key, verb, changes} = request;
  if (verb !== 'update' || desired === null || observed === null) return [];
  const left = leavingDisks(request, observed);
  return changes.flatMap(({field, to}): readonly Diagnostic[] => {
    const slot = /^disks\.([^.]+)$/.exec(field)?.[1];
    if (slot === undefined || to !== true || importOf(desired, slot) !== null) return [];
    if (desired.body[`${field}.file`] !== undefined) return [];
    const size = desired.body[`${field}.size`];
    const former = left.find((disk) => disk.size === size);
    if (former === undefined) return [];
    const gone = `${former.file} leaves ${former.slot}`;
    const detail = `${slot} of ${key} would be new and empty; ${gone}.`;
    const remedy = `If it shall move, write disks.${slot}.file: ${former.file}, no storage.`;
    const range = desired.ranges[field] ?? desired.range;
    return [
      diagnose(VM_PLAN_CODES, 'vm-disk-left-behind', {
        severity: 'warning',
        detail,
        remedy,
        range,
        key,
      }),
    ];
  });
}

interface LeavingDisk {
  readonly slot: string;
  readonly file: string;
  readonly size: unknown;
}

/** Disks that are there, that we had to do with, and that Git does not name any more. */
function leavingDisks({desired, record, key}: StepRequest, observed: Observed) {
  const live = configuredOf(observed);
  return Object.keys(observed.body).flatMap((field): readonly LeavingDisk[] => {
    const slot = /^disks\.([^.]+)$/.exec(field)?.[1];
    if (slot === undefined || (desired?.body[field] ?? null) !== null) return [];
    if (record?.wrote.includes(field) !== true) return [];
    const [file = ''] = (live.get(slot) ?? '').split(',');
    if (volumeOwner(file) !== vmidOfKey(key)) return [];
    return [{slot, file, size: observed.body[`${field}.size`]}];
  });
}
