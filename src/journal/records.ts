// Why this exists: every pass and every action asks for all records of a cluster, and at 10,000
// guests reading them each time would hold up everything else. They are kept in memory, and read
// again only when another process has written to the file.
import type {ResourceKey, ResourceRecord} from '../core/model.ts';
import type {Journal} from '../core/ports.ts';
import type {Store} from './store.ts';

interface Kept {
  readonly byKey: Map<ResourceKey, ResourceRecord>;
  /** Sorted by key; null after a change. */
  list: readonly ResourceRecord[] | null;
}

/** The journal's calls about records. */
export function recordCalls(
  store: Store,
): Pick<Journal, 'records' | 'putRecord' | 'putRecords' | 'deleteRecord'> {
  const kept = new Map<string, Kept>();
  let version: unknown = null;
  const fresh = (cluster: string): Kept => {
    // Changes when another connection has committed, never by our own writes.
    const current = store.get('PRAGMA data_version')?.data_version;
    if (current !== version) kept.clear();
    version = current;
    const known = kept.get(cluster) ?? load(store, cluster);
    kept.set(cluster, known);
    return known;
  };
  return {
    records: (cluster) => {
      const known = fresh(cluster);
      known.list ??= [...known.byKey].sort(byName).map(([, record]) => record);
      return known.list;
    },
    putRecord: (record) => keep(kept, record, write(store, record)),
    putRecords: (records) => {
      const bodies = store.atomically(() => records.map((record) => write(store, record)));
      for (const [index, record] of records.entries()) keep(kept, record, bodies[index] ?? '');
    },
    deleteRecord: (cluster, key) => {
      store.run('DELETE FROM records WHERE cluster = ? AND key = ?', cluster, key);
      const known = kept.get(cluster);
      known?.byKey.delete(key);
      if (known !== undefined) known.list = null;
    },
  };
}

function write(store: Store, record: ResourceRecord): string {
  const body = JSON.stringify(record);
  const sql = 'INSERT OR REPLACE INTO records (cluster, key, body) VALUES (?, ?, ?)';
  store.run(sql, record.cluster, record.key, body);
  return body;
}

function keep(kept: ReadonlyMap<string, Kept>, record: ResourceRecord, body: string): void {
  const known = kept.get(record.cluster);
  known?.byKey.set(record.key, toRecord(body));
  if (known !== undefined) known.list = null;
}

function load(store: Store, cluster: string): Kept {
  const rows = store.all('SELECT body FROM records WHERE cluster = ? ORDER BY key', cluster);
  const list = rows.map(({body}) => toRecord(String(body)));
  return {byKey: new Map(list.map((record) => [record.key, record])), list};
}

function toRecord(body: string): ResourceRecord {
  // Safe: only putRecord writes bodies.
  return JSON.parse(body) as ResourceRecord;
}

/** As SQLite orders text: by bytes, which for keys in ASCII is by code unit. */
function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
