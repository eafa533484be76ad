// Why this exists: waiting changes of a guest that does not run come into force: at once after a
// write, when it is stopped through the API, and before it starts.
import {ApiFailure} from '../failure.ts';
import {cleanUpPending, hasPending} from '../guest/pending.ts';
import type {QemuGuest} from '../state.ts';
import type {Request} from './access-checks.ts';
import {regenerate} from './cloud-init.ts';
import {isCloudInit, parseDrive} from './drive.ts';
import {detachDrive, removeDrive} from './drive-detach.ts';
import {saveGuest} from './guest-file.ts';
import {isDriveKey} from './keys.ts';
import type {Job} from './volumes.ts';

/** Apply all of [PENDING]; what fails stays there and is told by key. */
export function applyPending(
  job: Job,
  guest: QemuGuest,
  request?: Request,
): Readonly<Record<string, string>> {
  if (!hasPending(guest)) return {};
  const errors: Record<string, string> = {};
  for (const [key, how] of [...guest.pendingDelete].sort()) {
    const problem = attempt(() => {
      if (isDriveKey(key) && guest.config.has(key)) {
        removeDrive(job, guest, {key, force: how === 'force', request});
      }
    });
    if (problem !== undefined) errors[key] = `unable to apply pending change ${key} : ${problem}\n`;
    else {
      guest.pendingDelete.delete(key);
      guest.config.delete(key);
    }
  }
  cleanUpPending(guest);
  const cloudInitMade = applyValues(job, guest);
  saveGuest(job.cluster, guest, 'pending applied');
  if (cloudInitMade) regenerate(job, guest);
  return errors;
}

/** Store a value in the current section; an empty description is none at all. */
export function storeValue(guest: QemuGuest, key: string, value: string): void {
  if (key === 'description' && value === '') guest.config.delete(key);
  else guest.config.set(key, value);
}

/** The text of a thrown failure; undefined when all went well. */
function attempt(action: () => void): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ApiFailure) return error.message;
    throw error;
  }
}

function applyValues(job: Job, guest: QemuGuest): boolean {
  let cloudInit = false;
  for (const [key, value] of [...guest.pending]) {
    const old = guest.config.get(key);
    if (isDriveKey(key)) {
      const drive = parseDrive(key, value);
      if (old !== undefined && parseDrive(key, old).file !== drive.file) {
        detachDrive(job, guest, parseDrive(key, old));
      }
      cloudInit = cloudInit || isCloudInit(drive);
    }
    guest.pending.delete(key);
    storeValue(guest, key, value);
  }
  return cloudInit;
}
