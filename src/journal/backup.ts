// Why this exists: a journal that is lost makes every guest a stranger, so it can be copied while
// in use and put back. A restored one forgot what was approved since, so it counts as new.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs';
import {dirname} from 'node:path';
import {backup, DatabaseSync} from 'node:sqlite';
import {guarded, journalError, toJournalError} from './failure.ts';
import {type IdentityWorld, newIdentity} from './identity.ts';
import {MIGRATIONS} from './schema.ts';
import {openStore, type Store} from './store.ts';

/** Writes a consistent copy (0600) while the store is in use; an existing file is refused. */
export async function backupStore(store: Store, target: string): Promise<void> {
  if (existsSync(target)) throw journalError('io', `${target} exists; a backup is a new file`);
  const part = `${target}.part`;
  try {
    rmSync(part, {force: true});
    closeSync(openSync(part, 'wx', 0o600));
    await backup(store.database, part);
    settle(part, target);
  } catch (error) {
    rmSync(part, {force: true});
    throw toJournalError(target, error);
  }
}

/** What to restore, and where. */
export interface RestoreOptions extends IdentityWorld {
  readonly from: string;
  readonly to: string;
}

/** Where the journal that was there before has gone; null when there was none. */
export interface Restored {
  readonly former: string | null;
}

/**
 * Puts a backup in place of a journal that nobody has open. The restored journal has a new id and
 * birth, is not accepted, and has nothing under way. What was there before is moved aside, never
 * deleted.
 */
export function restoreJournal(options: RestoreOptions): Restored {
  const {from, to} = options;
  return guarded(to, () => {
    if (!existsSync(from)) throw journalError('io', `there is no backup ${from}`);
    if (existsSync(to)) refuseInUse(to);
    const part = `${to}.part`;
    copyFileSync(from, part);
    chmodSync(part, 0o600);
    try {
      renew(part, options);
    } catch (error) {
      for (const tail of ['', '-wal', '-shm']) rmSync(`${part}${tail}`, {force: true});
      throw error;
    }
    const former = existsSync(to) ? `${to}.before-${Math.trunc(options.clock.now())}` : null;
    for (const tail of ['-shm', '-wal', '']) {
      if (former !== null && existsSync(`${to}${tail}`)) renameSync(`${to}${tail}`, former + tail);
    }
    settle(part, to);
    return {former};
  });
}

/** Checks every page and index of the copy, migrates it, and makes it a new journal. */
function renew(part: string, world: IdentityWorld): void {
  const store = openStore({
    path: part,
    migrations: MIGRATIONS,
    onCreate: () => {
      throw journalError('corrupt', 'the backup is empty');
    },
    check: 'full',
  });
  try {
    store.atomically(() => {
      newIdentity(store, world);
      endWhatWasUnderWay(store);
      store.run('UPDATE leases SET holder = NULL, expires_at = 0');
    });
    store.database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    store.close();
  }
}

/**
 * What was under way or asked when the copy was made is over by now, one way or the other: nothing
 * of it is gone on with, and its approvals cover nothing more. The next plan begins from what is.
 */
function endWhatWasUnderWay(store: Store): void {
  const because = 'the journal was restored from a copy of that time';
  const open = "state IN ('open', 'unknown')";
  store.run(`UPDATE intents SET state = 'interrupted', because = ? WHERE ${open}`, because);
  store.run('UPDATE intents SET ended = 1 WHERE ended = 0');
  store.run('UPDATE approvals SET ended = 1 WHERE ended = 0');
  store.run('DELETE FROM requests');
}

/** An exclusive lock in WAL mode is only given when no other connection is open. */
function refuseInUse(path: string): void {
  const database = new DatabaseSync(path, {timeout: 0});
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
  } catch (error) {
    const failure = toJournalError(path, error);
    // A damaged journal is what one restores over.
    if ('kind' in failure && failure.kind === 'busy') throw failure;
  } finally {
    database.close();
  }
}

/** Makes a finished file appear under its name, durably. */
function settle(part: string, target: string): void {
  sync(part);
  renameSync(part, target);
  sync(dirname(target));
}

function sync(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
