// Why this exists: what the program must not forget: what it did, what it was about to do, what was
// approved and what is ours. Every call is durable when it returns (SQLite, WAL, synchronous=FULL).
import type {Approval, Intent, Outcome} from '../core/action.ts';
import type {AuditEntry, Clock, Journal, PersonRequest, Random, Suspension} from '../core/ports.ts';
import {endApprovals, spendApproval} from './approvals.ts';
import {backupStore} from './backup.ts';
import {identityOf, newIdentity} from './identity.ts';
import {acquireLease, leaderOf, releaseLease} from './leases.ts';
import {recordCalls} from './records.ts';
import {MIGRATIONS} from './schema.ts';
import {openStore, type Row, type Store} from './store.ts';

/** Where the journal lies. Folder 0700, files 0600; `:memory:` keeps nothing. */
export interface JournalOptions {
  readonly path: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Pick<Random, 'bytes'>;
  /** Bounds the file, in pages of 4 KiB; beyond it the journal is full. */
  readonly maxPages?: number;
}

/** Every so many rows, what is older than these numbers of rows is dropped. */
const TRIM_EVERY = 256;
const KEEP = {outcomes: 20_000, audit: 200_000, intents: 20_000};

/** Opens or creates a journal; throws JournalError when it is corrupt, newer, or not writable. */
export function openJournal(options: JournalOptions): Journal {
  const {path, maxPages} = options;
  const store = openStore({
    path,
    migrations: MIGRATIONS,
    onCreate: (created) => newIdentity(created, options),
    check: 'quick',
    ...(maxPages === undefined ? {} : {maxPages}),
  });
  const {id, birth} = identityOf(store);
  return {
    id,
    birth,
    accepted: () => identityOf(store).accepted,
    accept: () => void store.run('UPDATE identity SET accepted = 1'),
    ...recordCalls(store),
    ...intents(store),
    ...outcomes(store),
    ...audit(store),
    ...approvals(store),
    ...suspensions(store),
    ...requests(store),
    ...values(store),
    acquireLease: (...lease) => acquireLease(store, ...lease),
    releaseLease: (cluster, holder) => releaseLease(store, cluster, holder),
    leader: (cluster, now) => leaderOf(store, cluster, now),
    backup: (target) => backupStore(store, target),
    close: () => store.close(),
  };
}

type IntentCalls =
  | 'openIntent'
  | 'setTask'
  | 'closeIntent'
  | 'openIntents'
  | 'unfinished'
  | 'tasksOf'
  | 'intentsSince'
  | 'intent';

function intents(store: Store): Pick<Journal, IntentCalls> {
  const columns = 'id, upid, state, because, left_digest, draft';
  return {
    openIntent: (draft, approval) =>
      store.atomically(() => {
        if (approval !== null) spendApproval(store, draft, approval);
        const {id} = store.run(
          `INSERT INTO intents (cluster, key, opened_at, upid, state, because, draft)
           VALUES (?, ?, ?, NULL, 'open', '', ?)`,
          ...[draft.cluster, draft.key, Math.trunc(draft.openedAt), JSON.stringify(draft)],
        );
        // An action that stands still half-way is known by its newest intent, however old.
        trim(store, 'intents', id, 'AND ended = 1');
        return id;
      }),
    setTask: (id, upid) => void store.run('UPDATE intents SET upid = ? WHERE id = ?', upid, id),
    closeIntent: (id, state, because, leftDigest = null) => {
      const sql = 'UPDATE intents SET state = ?, because = ?, left_digest = ? WHERE id = ?';
      store.run(sql, state, because, leftDigest, id);
    },
    openIntents: (cluster) => {
      const open = "cluster = ? AND state IN ('open', 'unknown')";
      const rows = store.all(`SELECT ${columns} FROM intents WHERE ${open} ORDER BY id`, cluster);
      return rows.map(toIntent);
    },
    unfinished: (cluster) => {
      const newest = `SELECT max(id) FROM intents WHERE cluster = ? AND ended = 0 GROUP BY key`;
      const sql = `SELECT ${columns} FROM intents WHERE id IN (${newest}) ORDER BY id`;
      return store.all(sql, cluster).map(toIntent);
    },
    tasksOf: (cluster, key, since) => {
      const [where, whose] = key === null ? ['', []] : ['AND key = ?', [key]];
      const newer = 'opened_at >= ? AND upid IS NOT NULL ORDER BY id';
      const sql = `SELECT upid FROM intents WHERE cluster = ? ${where} AND ${newer}`;
      const rows = store.all(sql, cluster, ...whose, Math.trunc(since));
      return rows.map((row) => String(row.upid));
    },
    intentsSince: (cluster, since) => {
      const where = 'cluster = ? AND opened_at >= ? ORDER BY id';
      const sql = `SELECT ${columns} FROM intents WHERE ${where}`;
      return store.all(sql, cluster, Math.trunc(since)).map(toIntent);
    },
    intent: (id) => {
      const row = store.get(`SELECT ${columns} FROM intents WHERE id = ?`, id);
      return row === null ? null : toIntent(row);
    },
  };
}

function toIntent(row: Row): Intent {
  // Safe: openIntent wrote the draft, and state only takes the values of closeIntent.
  const draft = JSON.parse(String(row.draft)) as Omit<Intent, 'id' | 'upid' | 'state' | 'because'>;
  return {
    ...draft,
    id: Number(row.id),
    upid: row.upid === null ? null : String(row.upid),
    // Safe: see above.
    state: row.state as Intent['state'],
    because: String(row.because),
    ...(row.left_digest === null ? {} : {leftDigest: String(row.left_digest)}),
  };
}

function outcomes(store: Store): Pick<Journal, 'addOutcome' | 'outcomes' | 'outcomesOf'> {
  return {
    addOutcome: (outcome, entry) =>
      store.atomically(() => {
        const {id} = store.run(
          'INSERT INTO outcomes (cluster, key, ended_at, body) VALUES (?, ?, ?, ?)',
          ...[outcome.cluster, outcome.key, Math.trunc(outcome.endedAt), JSON.stringify(outcome)],
        );
        endApprovals(store, outcome);
        endIntents(store, outcome);
        trim(store, 'outcomes', id);
        if (entry !== undefined) writeAudit(store, entry);
      }),
    outcomes: (cluster, limit) => {
      const sql = 'SELECT body FROM outcomes WHERE cluster = ? ORDER BY id DESC LIMIT ?';
      return bodies<Outcome>(store.all(sql, cluster, limit));
    },
    outcomesOf: (cluster, key, since) => {
      const [where, whose] = key === null ? ['', []] : ['AND key = ?', [key]];
      const newer = 'ended_at >= ? ORDER BY id DESC';
      const sql = `SELECT body FROM outcomes WHERE cluster = ? ${where} AND ${newer}`;
      return bodies<Outcome>(store.all(sql, cluster, ...whose, Math.trunc(since)));
    },
  };
}

/** With its outcome an action is over; `unknown` is not an end. */
function endIntents(store: Store, {cluster, key, result}: Outcome): void {
  if (result === 'unknown') return;
  const closed = "ended = 0 AND state NOT IN ('open', 'unknown')";
  const sql = `UPDATE intents SET ended = 1 WHERE cluster = ? AND key = ? AND ${closed}`;
  store.run(sql, cluster, key);
}

function audit(store: Store): Pick<Journal, 'addAudit' | 'audit'> {
  return {
    addAudit: (entry) => store.atomically(() => writeAudit(store, entry)),
    audit: ({cluster, key, limit}) => {
      const sql = `SELECT body FROM audit WHERE (?1 IS NULL OR cluster = ?1)
        AND (?2 IS NULL OR key = ?2) ORDER BY id DESC LIMIT ?3`;
      return bodies<AuditEntry>(store.all(sql, cluster ?? null, key ?? null, limit));
    },
  };
}

function writeAudit(store: Store, entry: AuditEntry): void {
  const {id} = store.run(
    'INSERT INTO audit (cluster, key, at, body) VALUES (?, ?, ?, ?)',
    ...[entry.cluster, entry.key, Math.trunc(entry.at), JSON.stringify(entry)],
  );
  trim(store, 'audit', id);
}

function approvals(store: Store): Pick<Journal, 'isSpent' | 'begun'> {
  return {
    isSpent: (id) => store.get('SELECT 1 FROM approvals WHERE id = ? LIMIT 1', id) !== null,
    begun: (cluster, fingerprint) => {
      const sql = 'SELECT body FROM approvals WHERE cluster = ? AND fingerprint = ? AND ended = 0';
      const begun = bodies<Approval>(store.all(sql, cluster, fingerprint));
      // Of several that were spent together, one holds the others.
      return begun.find(({beside}) => beside !== undefined) ?? begun[0] ?? null;
    },
  };
}

function suspensions(store: Store): Pick<Journal, 'suspensions' | 'suspend' | 'resume'> {
  return {
    suspensions: (cluster) => {
      const sql = 'SELECT body FROM suspensions WHERE cluster = ? ORDER BY key';
      return bodies<Suspension>(store.all(sql, cluster));
    },
    suspend: (suspension) => {
      const sql = 'INSERT OR REPLACE INTO suspensions (cluster, key, body) VALUES (?, ?, ?)';
      store.run(sql, suspension.cluster, suspension.key, JSON.stringify(suspension));
    },
    resume: (cluster, key) => {
      const sql = 'DELETE FROM suspensions WHERE cluster = ? AND key = ?';
      return store.run(sql, cluster, key).changes > 0;
    },
  };
}

/** This cluster's requests and those of no cluster. */
const MINE = "json_extract(body, '$.cluster') IS NULL OR json_extract(body, '$.cluster') = ?";

function requests(store: Store): Pick<Journal, 'addRequest' | 'hasRequests' | 'takeRequests'> {
  const hasRequests = (cluster: string): boolean =>
    store.get(`SELECT 1 FROM requests WHERE ${MINE} LIMIT 1`, cluster) !== null;
  return {
    addRequest: (request, at) => {
      const sql = 'INSERT INTO requests (at, body) VALUES (?, ?)';
      store.run(sql, Math.trunc(at), JSON.stringify(request));
    },
    hasRequests,
    takeRequests: (cluster, take = () => {}) => {
      // Nearly always empty: a look costs no write.
      if (!hasRequests(cluster)) return [];
      return store.atomically(() => {
        const sql = `SELECT body FROM requests WHERE ${MINE} ORDER BY id`;
        const taken = bodies<PersonRequest>(store.all(sql, cluster));
        for (const request of taken) take(request);
        store.run(`DELETE FROM requests WHERE ${MINE}`, cluster);
        return taken;
      });
    },
  };
}

function values(store: Store): Pick<Journal, 'value' | 'setValue' | 'valuesWith'> {
  return {
    value: (name) => {
      const row = store.get('SELECT value FROM named_values WHERE name = ?', name);
      return row === null ? null : String(row.value);
    },
    setValue: (name, value) => {
      if (value === null) store.run('DELETE FROM named_values WHERE name = ?', name);
      else
        store.run('INSERT OR REPLACE INTO named_values (name, value) VALUES (?, ?)', name, value);
    },
    valuesWith: (prefix) => {
      const sql = `SELECT name, value FROM named_values
        WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name`;
      return store.all(sql, prefix).map((row) => {
        return {name: String(row.name), value: String(row.value)};
      });
    },
  };
}

/** Nothing here grows without bound; what was done long ago is in the log. */
function trim(store: Store, table: keyof typeof KEEP, newest: number, also = ''): void {
  if (newest % TRIM_EVERY !== 0) return;
  store.run(`DELETE FROM ${table} WHERE id <= ? ${also}`, newest - KEEP[table]);
}

function bodies<T>(rows: readonly Row[]): readonly T[] {
  // Safe: only this file writes bodies, each table those of one type.
  return rows.map((row) => JSON.parse(String(row.body)) as T);
}
