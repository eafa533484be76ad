// Why this exists: when memory fails, no write may leave for Proxmox, and a person must be told
// what to do. SQLite's result codes (sqlite.org/rescode.html) become the few kinds that differ.
import {JournalError} from '../core/ports.ts';

const REMEDIES: {readonly [kind in JournalError['kind']]: string} = {
  full: 'Make room on the disk of the data folder; nothing is written to Proxmox until then.',
  corrupt:
    'Stop the controller and restore a backup (`pvegit journal restore`). Without one, move the ' +
    'file away and start: a new journal takes up marked guests only where their plan is empty.',
  newer: 'Run the version of pvegit that wrote it, or a newer one; there is no way back.',
  busy: 'Another process holds the journal; try again, or stop that process.',
  permission: 'Give the data folder and its files to the user that pvegit runs as (0700, 0600).',
  io: 'Look at the disk of the data folder (system log); nothing is written to Proxmox until then.',
};

/** A JournalError with the remedy of its kind. */
export function journalError(kind: JournalError['kind'], message: string): JournalError {
  return new JournalError(kind, message, REMEDIES[kind]);
}

/** Runs something that touches the store; whatever it throws becomes a JournalError. */
export function guarded<T>(path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw toJournalError(path, error);
  }
}

/** The JournalError of what SQLite or the file system threw; our own errors stay as they are. */
export function toJournalError(path: string, error: unknown): Error {
  if (error instanceof JournalError || !(error instanceof Error)) {
    return error instanceof Error ? error : journalError('io', `${path}: ${String(error)}`);
  }
  if (error.name === 'InvariantError') return error;
  const kind = sqliteKind(error) ?? systemKind(error) ?? 'io';
  return journalError(kind, `journal ${path}: ${error.message}`);
}

/** By primary result code: the low byte of the extended one. */
function sqliteKind(error: Error): JournalError['kind'] | null {
  if (!('errcode' in error) || typeof error.errcode !== 'number') return null;
  // IOERR_SHMSIZE: the index beside the file finds no room; so opening on a full disk fails.
  if (error.errcode === 4874) return 'full';
  switch (error.errcode & 0xff) {
    case 13:
      return 'full';
    case 11:
    case 26:
      return 'corrupt';
    case 5:
    case 6:
      return 'busy';
    case 3:
    case 8:
    case 14:
    case 23:
      return 'permission';
  }
  return 'io';
}

function systemKind(error: Error): JournalError['kind'] | null {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'full';
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'permission';
  return null;
}
