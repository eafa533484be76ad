// Why this exists: a checked config write is carried out: into [PENDING] at once, then applied to a
// stopped guest or judged key by key on a running one. The plain call, the worker and a disk that
// changes its owner all end here.
import {paramError} from '../failure.ts';
import {hasPending} from '../guest/pending.ts';
import type {QemuGuest} from '../state.ts';
import {applyPending} from './apply.ts';
import type {Update} from './config-update.ts';
import {writePending} from './config-write.ts';
import {driveWriteMs} from './drive-write.ts';
import {carryOut, judge, waitingChanges} from './hotplug.ts';
import {isDriveKey} from './keys.ts';
import type {Job} from './volumes.ts';

/** A write that is in [PENDING]: `finish` is to be called after `ms`; 400 by key if that fails. */
export interface Change {
  readonly ms: number;
  readonly finish: () => void;
}

/** Write to [PENDING] now, and judge what becomes of it. */
export function changeGuest(job: Job, guest: QemuGuest, update: Update): Change {
  const modified = writePending(job, guest, update);
  if (!hasPending(guest)) return {ms: 0, finish: () => {}};
  if (guest.runtime === undefined) {
    return {ms: 0, finish: () => failWith(applyPending(job, guest, update.request))};
  }
  const judged = waitingChanges(guest, modified).map((change) => ({
    change,
    verdict: judge(job, guest, change),
  }));
  const spent = judged.map(({verdict}) => (verdict.kind === 'wait' ? 0 : verdict.ms));
  return {
    ms: spent.reduce((sum, ms) => sum + ms, 0),
    finish: () => failWith(carryOut(job, guest, judged, update.request)),
  };
}

/** Virtual time that the disks of a write take to be made. */
export function allocationMs(job: Job, update: Update): number {
  return [...update.set]
    .filter(([key]) => isDriveKey(key))
    .reduce((sum, [key, text]) => sum + driveWriteMs(job, key, text), 0);
}

/** What could not be applied is a 400 by key; in a worker it becomes the exit status. */
function failWith(errors: Readonly<Record<string, string>>): void {
  if (Object.keys(errors).length > 0) paramError(errors);
}
