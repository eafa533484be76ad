// Why this exists: opening an SQLite file so that an acknowledged row survives everything, that
// damage is noticed before it is believed, and that nobody else can read or write it.
import {chmodSync, closeSync, mkdirSync, openSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import {DatabaseSync, type SQLInputValue, type StatementSync} from 'node:sqlite';
import {isObject} from '../core/json.ts';
import {guarded, journalError} from './failure.ts';
import type {Migration} from './schema.ts';

/** A file path, or `:memory:` for tests and dry runs. */
export type StorePath = string;

/** One row, by column. */
export type Row = {readonly [column: string]: unknown};

/** How to open a store. */
export interface StoreOptions {
  readonly path: StorePath;
  readonly migrations: readonly Migration[];
  /** Called in the transaction that creates the schema in an empty file. */
  readonly onCreate: (store: Store) => void;
  /** quick: structure only; full: also every index, for restores. */
  readonly check: 'quick' | 'full';
  /** Bounds the file, in pages of 4 KiB; beyond it the store is full. */
  readonly maxPages?: number;
}

/** `PVGJ` in ASCII, so that another program's database is not taken for ours. */
const APPLICATION_ID = 0x5056474a;
/** A wait blocks the event loop, and other processes write one row at a time. */
const BUSY_MS = 150;

/** An open store. Every failure is a JournalError. */
export class Store {
  readonly path: StorePath;
  readonly database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(path: StorePath, database: DatabaseSync) {
    this.path = path;
    this.database = database;
  }

  /** Executes one statement; returns the id of the inserted row and the number of changed ones. */
  run(sql: string, ...values: readonly SQLInputValue[]): {id: number; changes: number} {
    return guarded(this.path, () => {
      const done = this.#prepare(sql).run(...values);
      return {id: Number(done.lastInsertRowid), changes: Number(done.changes)};
    });
  }

  all(sql: string, ...values: readonly SQLInputValue[]): readonly Row[] {
    return guarded(this.path, () => this.#prepare(sql).all(...values));
  }

  get(sql: string, ...values: readonly SQLInputValue[]): Row | null {
    return guarded(this.path, () => this.#prepare(sql).get(...values) ?? null);
  }

  /** Runs the body in one transaction, durable when it returns, undone when it throws. */
  atomically<T>(body: () => T): T {
    guarded(this.path, () => this.database.exec('BEGIN IMMEDIATE'));
    try {
      const value = body();
      guarded(this.path, () => this.database.exec('COMMIT'));
      return value;
    } catch (error) {
      // A full disk may have rolled it back already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    if (this.database.isOpen) guarded(this.path, () => this.database.close());
  }

  #prepare(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

/** Opens, checks and migrates a store; throws JournalError. */
export function openStore(options: StoreOptions): Store {
  const {path} = options;
  if (path !== ':memory:') guarded(path, () => ownFile(path));
  const store = guarded(path, () => new Store(path, new DatabaseSync(path, {timeout: BUSY_MS})));
  try {
    configure(store, options);
    migrate(store, options);
    return store;
  } catch (error) {
    store.database.close();
    throw error;
  }
}

/** The folder is made 0700; one that others may write to is refused. The file is made 0600. */
function ownFile(path: string): void {
  const folder = dirname(path);
  mkdirSync(folder, {recursive: true, mode: 0o700});
  if ((statSync(folder).mode & 0o022) !== 0) {
    throw journalError('permission', `others may write to the folder ${folder}`);
  }
  closeSync(openSync(path, 'a', 0o600));
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

function configure(store: Store, options: StoreOptions): void {
  const {path} = options;
  const exec = (sql: string): void => guarded(path, () => store.database.exec(sql));
  exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
  if (options.maxPages !== undefined) exec(`PRAGMA max_page_count = ${options.maxPages}`);
  const check = options.check === 'full' ? 'integrity_check' : 'quick_check';
  const found = store.all(`PRAGMA ${check}(3)`).map((row) => String(Object.values(row)[0]));
  if (found.join() !== 'ok') throw journalError('corrupt', `journal ${path}: ${found.join('; ')}`);
}

/** Forward in one transaction, or not at all. */
function migrate(store: Store, {path, migrations, onCreate}: StoreOptions): void {
  const version = numberOf(store.get('PRAGMA user_version'));
  if (version > migrations.length) {
    const known = `this program knows ${migrations.length}`;
    throw journalError('newer', `journal ${path} has schema version ${version}, ${known}`);
  }
  const isEmpty = numberOf(store.get('SELECT count(*) FROM sqlite_schema')) === 0;
  const isOurs = numberOf(store.get('PRAGMA application_id')) === APPLICATION_ID;
  if (!isOurs && !isEmpty) {
    throw journalError('corrupt', `${path} is not a journal but a database of another program`);
  }
  if (version === migrations.length) return;
  store.atomically(() => {
    for (const sql of migrations.slice(version)) guarded(path, () => store.database.exec(sql));
    store.database.exec(`PRAGMA user_version = ${migrations.length}`);
    store.database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    if (isEmpty) onCreate(store);
  });
}

function numberOf(row: Row | null): number {
  const [value] = isObject(row) ? Object.values(row) : [];
  return typeof value === 'number' ? value : 0;
}
