// Why this exists: a mirror of a repository belongs to one process at a time. A command beside a
// running controller has mirrors of its own, and a second command a temporary one.
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import type {Journal} from '../core/ports.ts';
import {holderName} from './holder.ts';

/** A folder for mirrors; `end` gives it back. */
export interface Mirrors {
  readonly folder: string;
  end(): Promise<void>;
}

/** The name under which the folder is leased; no cluster can have it (it holds a colon). */
const LEASE = 'mirrors:commands';
/** A command that was killed blocks the kept folder for this long; others use temporary ones. */
const LEASE_MS = 60 * 60_000;

/** The folder that commands share in turn, or a temporary one while another command has it. */
export async function openMirrors(data: string, journal: Journal): Promise<Mirrors> {
  const holder = holderName('pvegit command');
  const lease = journal.acquireLease(LEASE, holder, Date.now(), LEASE_MS);
  if (lease.kind === 'held') {
    return {
      folder: join(data, 'commands'),
      end: async () => journal.releaseLease(LEASE, holder),
    };
  }
  const folder = await mkdtemp(join(tmpdir(), 'pvegit-mirrors-'));
  return {folder, end: () => rm(folder, {recursive: true, force: true})};
}
