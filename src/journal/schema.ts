// Why this exists: the journal outlives versions of the program. Each version's schema is one entry
// here, applied in order in one transaction; an entry that was released is never changed.

/** What turns version n into n + 1, as SQL. */
export type Migration = string;

/** Times are ms since the epoch. `body` and `draft` are JSON. */
const VERSION_1: Migration = `
  CREATE TABLE identity (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL,
    birth INTEGER NOT NULL,
    accepted INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE records (
    cluster TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (cluster, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE intents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    key TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    upid TEXT,
    state TEXT NOT NULL,
    because TEXT NOT NULL,
    draft TEXT NOT NULL
  ) STRICT;
  CREATE INDEX intents_unresolved ON intents (cluster, id) WHERE state IN ('open', 'unknown');
  CREATE INDEX intents_tasks ON intents (cluster, key, opened_at);

  CREATE TABLE outcomes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    key TEXT NOT NULL,
    ended_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX outcomes_of ON outcomes (cluster, key, ended_at);

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    cluster TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_of ON audit (cluster, key);

  CREATE TABLE approvals (
    id TEXT NOT NULL,
    cluster TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    ended INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (id, cluster, fingerprint)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX approvals_begun ON approvals (cluster, fingerprint) WHERE ended = 0;

  CREATE TABLE suspensions (
    cluster TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (cluster, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  CREATE TABLE named_values (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    cluster TEXT PRIMARY KEY,
    holder TEXT,
    token INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** An intent is ended when its action is; actions from before this version are over. */
const VERSION_2: Migration = `
  ALTER TABLE intents ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE intents ADD COLUMN left_digest TEXT;
  UPDATE intents SET ended = 1 WHERE state NOT IN ('open', 'unknown');
  CREATE INDEX intents_unended ON intents (cluster, id) WHERE ended = 0;
`;

/** All versions so far; the number of entries is the newest version. */
export const MIGRATIONS: readonly Migration[] = [VERSION_1, VERSION_2];
