// Why this exists: approvals and nonces are spent in a journal, so a new or restored one must not
// be taken for the old: it has an id and a birth, and is not accepted until a person says so.
import type {Clock, Random} from '../core/ports.ts';
import type {Store} from './store.ts';

/** What makes one journal differ from every other; birth is ms since the epoch. */
export interface Identity {
  readonly id: string;
  readonly birth: number;
  readonly accepted: boolean;
}

/** Time and randomness, to make an identity. */
export interface IdentityWorld {
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'bytes'>;
}

/** Writes a new identity, replacing the one there was: born now, not accepted. */
export function newIdentity(store: Store, {clock, random}: IdentityWorld): void {
  const id = Buffer.from(random.bytes(16)).toString('hex');
  const sql = 'INSERT OR REPLACE INTO identity (only, id, birth, accepted) VALUES (1, ?, ?, 0)';
  store.run(sql, id, Math.trunc(clock.now()));
}

/** Reads the identity. */
export function identityOf(store: Store): Identity {
  const row = store.get('SELECT id, birth, accepted FROM identity');
  return {id: String(row?.id), birth: Number(row?.birth), accepted: row?.accepted === 1};
}
