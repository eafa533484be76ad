// Why this exists: whether two answers mean the same: types and values are compared, order in lists
// is not, ids are paired, and measurements (load, bytes used, uptime) are compared by type only.
import type {Twins} from './twins.ts';

/** Fields whose values are times, process ids or measurements: only their type is compared. */
const measured = new Set([
  'avail',
  'free_mem',
  'freemem',
  'last_update',
  'total_mem',
  'cpu',
  'ctime',
  'disk',
  'diskread',
  'diskwrite',
  'endtime',
  'free',
  'free_mem',
  'freemem',
  'idle_time_ns',
  'last_update',
  'localtime',
  'mem',
  'major_page_faults',
  'minor_page_faults',
  'netin',
  'netout',
  'pid',
  'pstart',
  'rd_bytes',
  'rd_operations',
  'rd_total_time_ns',
  'snaptime',
  'starttime',
  'time',
  'timestamp',
  'total_mem',
  'uid',
  'uptime',
  'used',
  'used_fraction',
  'ticket',
  'CSRFPreventionToken',
  'ssl_fingerprint',
  'repoid',
]);

/** Fields whose comma list has no order. */
const unorderedLists = new Set(['content', 'privs', 'users', 'groups', 'nodes']);

/** All differences between the recorded and the simulated body, each with its place. */
export function differences(recorded: unknown, simulated: unknown, twins: Twins): string[] {
  const found: string[] = [];
  const place = {path: '', key: ''};
  compareAny(place, withoutProgress(recorded), withoutProgress(simulated), {twins, found});
  return found;
}

/** How often a copy reports its progress is a measurement: those lines of a log are left out. */
function withoutProgress(body: unknown): unknown {
  if (!isObject(body) || !Array.isArray(body['data'])) {
    return body;
  }
  const lines: readonly unknown[] = body['data'];
  const kept = lines.filter((line) => !(isObject(line) && isProgress(line['t'])));
  if (kept.length === lines.length) {
    return body;
  }
  const data = kept.map((line, index) => (isObject(line) ? {...line, n: index + 1} : line));
  const total = Number(body['total'] ?? 0) - (lines.length - kept.length);
  return {...body, data, total};
}

function isProgress(text: unknown): boolean {
  return typeof text === 'string' && /^(?:transferred |progress \d+%)/.test(text);
}

interface Place {
  readonly path: string;
  readonly key: string;
}

interface Walk {
  readonly twins: Twins;
  readonly found: string[];
}

function compareAny(place: Place, recorded: unknown, simulated: unknown, walk: Walk): void {
  if (Array.isArray(recorded) && Array.isArray(simulated)) {
    compareArrays(place, recorded, simulated, walk);
  } else if (isObject(recorded) && isObject(simulated)) {
    compareObjects(place, recorded, simulated, walk);
  } else {
    compareScalars(place, recorded, simulated, walk);
  }
}

function compareObjects(
  place: Place,
  recorded: Readonly<Record<string, unknown>>,
  simulated: Readonly<Record<string, unknown>>,
  walk: Walk,
): void {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(simulated)]);
  for (const key of [...keys].sort()) {
    const inner = {path: `${place.path}/${key}`, key};
    if (!(key in simulated)) {
      walk.found.push(`${inner.path}: missing, recorded ${show(recorded[key])}`);
    } else if (!(key in recorded)) {
      walk.found.push(`${inner.path}: extra ${show(simulated[key])}`);
    } else {
      compareAny(inner, recorded[key], simulated[key], walk);
    }
  }
}

function compareArrays(
  place: Place,
  recorded: readonly unknown[],
  simulated: readonly unknown[],
  walk: Walk,
): void {
  const theirs = sorted(recorded, walk.twins);
  const ours = sorted(simulated, walk.twins);
  const count = Math.max(theirs.length, ours.length);
  if (theirs.length !== ours.length) {
    const text = `${theirs.length} recorded, ${ours.length} simulated`;
    walk.found.push(`${place.path}[]: ${text}; ${onlyIn(theirs, ours, walk.twins)}`);
    return;
  }
  for (let index = 0; index < count; index += 1) {
    const inner = {path: `${place.path}[${index}]`, key: place.key};
    compareAny(inner, theirs[index], ours[index], walk);
  }
}

function compareScalars(place: Place, recorded: unknown, simulated: unknown, walk: Walk): void {
  const {twins, found} = walk;
  const differs = `${place.path}: recorded ${show(recorded)}, simulated ${show(simulated)}`;
  if (measured.has(place.key) || /(_(ns|operations|bytes)|-(bytes|packets))$/.test(place.key)) {
    if (typeof recorded !== typeof simulated) {
      found.push(differs);
    }
    return;
  }
  if (typeof recorded !== 'string' || typeof simulated !== 'string') {
    if (recorded !== simulated) {
      found.push(differs);
    }
    return;
  }
  const theirs = normal(place.key, recorded, twins);
  if (theirs !== normal(place.key, simulated, twins) && !isSecret(recorded)) {
    found.push(differs);
  } else if (!twins.pair(recorded, simulated)) {
    found.push(`${place.path}: ${show(recorded)} was paired with another id`);
  }
}

function isSecret(recorded: string): boolean {
  return /<(?:token-secret|csrf-signature|signature|root-password)>/.test(recorded);
}

function normal(key: string, text: string, twins: Twins): string {
  const masked = inOrder(twins.mask(text));
  return unorderedLists.has(key) ? masked.split(',').sort().join(',') : masked;
}

/** The options of a backup's command line come in any order. */
function inOrder(text: string): string {
  return text.startsWith('INFO: starting new backup job: ')
    ? text
        .split(/ (?=--)/)
        .sort()
        .join(' ')
    : text;
}

function sorted(list: readonly unknown[], twins: Twins): readonly unknown[] {
  const keyed = list.map((item) => ({item, key: sortKey(item, twins)}));
  return keyed
    .sort((left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0))
    .map(({item}) => item);
}

/** Items are ordered by what identifies them, then by everything that is compared. */
function sortKey(item: unknown, twins: Twins): string {
  if (!isObject(item)) {
    return twins.mask(String(item));
  }
  const identity = [
    'n',
    'id',
    'key',
    'vmid',
    'volid',
    'storage',
    'userid',
    'path',
    'type',
    'ugid',
    'name',
    'pos',
    'upid',
  ]
    .map((name) => twins.mask(String(item[name] ?? '')).padStart(8, ' '))
    .join('|');
  const rest = Object.keys(item)
    .sort()
    .filter((key) => !measured.has(key))
    .map((key) => `${key}=${twins.mask(JSON.stringify(item[key]) ?? '')}`);
  return `${identity}|${rest.join('|')}`;
}

function onlyIn(theirs: readonly unknown[], ours: readonly unknown[], twins: Twins): string {
  const text = (item: unknown): string => twins.mask(JSON.stringify(item) ?? '');
  const inOurs = new Set(ours.map(text));
  const inTheirs = new Set(theirs.map(text));
  const missing = theirs.map(text).filter((one) => !inOurs.has(one));
  const extra = ours.map(text).filter((one) => !inTheirs.has(one));
  const list = (items: readonly string[]): string => items.join(' ').slice(0, 500);
  return `recorded only ${list(missing)}, simulated only ${list(extra)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
