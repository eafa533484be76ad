// Why this exists: one document at a time into what it means: Defaults below it, its schema, sets
// expanded, the kind's own normal form. A broken one stays apart, and says what it claims.
import {isObject, type JsonObject} from '../core/json.ts';
import type {Kind, ManifestDocument, SecretDeclaration} from '../core/kind.ts';
import type {Desired, Diagnostic, ResourceKey, SourceRange} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {pointAt} from './claims.ts';
import {defaultsFor, type FolderDefaults, folderOf, withDefaults} from './defaults.ts';
import {mistake, placeOf} from './document.ts';
import {type Broken, claimedKeys, type Gathered, type Headed} from './gather.ts';
import {judge} from './judge.ts';
import {escapePointer} from './places.ts';
import {quoted} from './quoted.ts';
import {checkPartial, checkSchema} from './schema-check.ts';

/** What the documents mean one by one. */
export interface Understood {
  readonly desired: readonly Desired[];
  readonly secrets: readonly SecretDeclaration[];
  readonly checks: readonly Headed[];
  readonly diagnostics: readonly Diagnostic[];
  readonly claimed: readonly ResourceKey[];
  /** `Kind/name` and bare names of documents with errors: they exist, so nothing dangles. */
  readonly broken: ReadonlySet<string>;
  readonly valid: number;
}

/** What all documents of a revision mean, each by itself. */
export function understand(gathered: Gathered): Understood {
  const state = new State(gathered);
  const isDefaults = ({kind}: Headed): boolean => kind.role === 'record' && !!kind.partials;
  readDefaults(state, gathered.documents.filter(isDefaults));
  for (const headed of gathered.documents) if (!isDefaults(headed)) readOne(state, headed);
  return {
    desired: state.desired,
    secrets: state.secrets,
    checks: state.checks,
    diagnostics: state.diagnostics,
    claimed: [...state.claimed],
    broken: state.broken,
    valid: state.valid,
  };
}

/** What has been understood so far. */
class State {
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly desired: Desired[] = [];
  readonly secrets: SecretDeclaration[] = [];
  readonly checks: Headed[] = [];
  readonly diagnostics: Diagnostic[];
  readonly claimed = new Set<ResourceKey>();
  readonly broken = new Set<string>();
  readonly defaults: FolderDefaults[] = [];
  valid = 0;

  constructor(gathered: Gathered) {
    this.kinds = gathered.kinds;
    this.diagnostics = [...gathered.diagnostics];
    for (const broken of gathered.broken) this.#breakOff(broken);
  }

  /** Takes up what was found; true if an error is among it. */
  tell(diagnostics: readonly Diagnostic[]): boolean {
    this.diagnostics.push(...diagnostics);
    return diagnostics.some(({severity}) => severity === 'error');
  }

  /** Marks a document that cannot be used; what it claims stays claimed. */
  reject(document: ManifestDocument): void {
    const {file, kind, name, value} = document;
    this.#breakOff({file, kind, name, keys: claimedKeys(kind, name, value)});
  }

  #breakOff({file, kind, name, keys}: Broken): void {
    for (const key of keys) this.claimed.add(key);
    if (name !== null) this.broken.add(name).add(`${kind}/${name}`);
    if (kind !== 'Defaults') return;
    const range = {
      file,
      start: {line: 1, column: 1, offset: 0},
      end: {line: 1, column: 1, offset: 0},
    };
    const folder = folderOf(file);
    this.defaults.push({folder, partials: {}, ranges: {}, range, usable: false});
  }
}

function readDefaults(state: State, documents: readonly Headed[]): void {
  for (const {kind, document, bad: badHead} of documents) {
    if (kind.role !== 'record' || kind.partials === undefined) continue;
    const bad = state.tell(checkSchema(kind, document)) || badHead;
    const {partials, diagnostics} = bad ? {partials: {}, diagnostics: []} : kind.partials(document);
    const found = [...diagnostics, ...checkPartials(state, document, partials)];
    const usable = !state.tell(found) && !bad;
    const {ranges, range, file} = document;
    state.defaults.push({folder: folderOf(file), partials, ranges, range, usable});
    if (usable) state.valid += 1;
  }
  tellTwo(state);
}

/** At most one for each folder: which of two wins would depend on their names. */
function tellTwo(state: State): void {
  for (const [index, one] of state.defaults.entries()) {
    const other = state.defaults.find((item) => item !== one && item.folder === one.folder);
    if (other === undefined) continue;
    const folder = one.folder === '' ? 'The source’s folder' : quoted(one.folder);
    const detail = `${folder} has others at ${pointAt(other.range)}; which win is unclear.`;
    const remedy = 'Put them into one document, or into folders of their own.';
    if (one.usable) state.tell([mistake('defaults-two', {range: one.range, detail, remedy})]);
    state.defaults[index] = {...one, usable: false};
  }
}

function checkPartials(
  state: State,
  document: ManifestDocument,
  partials: {readonly [kind: string]: JsonObject},
): readonly Diagnostic[] {
  return Object.entries(partials).flatMap(([name, partial]) => {
    const pointer = `/spec/${escapePointer(name)}`;
    const kind = state.kinds.get(name);
    if (kind === undefined || kind.role === 'record' || kind.role === 'check') {
      const taking = [...state.kinds.values()].filter(
        ({role}) => role === 'resource' || role === 'expander',
      );
      const names = taking.map((item) => item.name).sort();
      const range = placeOf(document, pointer, 'key');
      const detail = `${quoted(name)} is not a kind that guests or other resources have.`;
      const remedy = `Write one of ${names.join(', ')}.`;
      const suggestion = suggest(name, names);
      return [mistake('defaults-kind', {range, detail, remedy, suggestion})];
    }
    // The partial's own pointers begin at the kind's name, those of a whole document at the spec.
    const place = (at: string, what?: 'key' | 'value') =>
      placeOf(
        document,
        at.replace(/^\/spec/, () => pointer),
        what,
      );
    return checkPartial(kind, partial, place);
  });
}

function readOne(state: State, {kind, document, bad}: Headed): void {
  const defaults = defaultsFor(state.defaults, document.file);
  const unusable = defaults.find(({usable}) => !usable);
  if (unusable !== undefined && takesDefaults(kind)) {
    state.reject(document);
    state.tell([unusableMistake(document, unusable)]);
    return;
  }
  const merged = withDefaults(document, defaults);
  if (state.tell(judge(kind, merged)) || bad || !apply(state, kind, merged)) {
    state.reject(merged);
  } else state.valid += 1;
}

function takesDefaults(kind: Kind): boolean {
  return kind.role === 'resource' || kind.role === 'expander';
}

/** What the Defaults would have said is not known, and leaving it out would take it away. */
function unusableMistake(document: ManifestDocument, defaults: FolderDefaults): Diagnostic {
  const vmid = isObject(document.value['spec']) ? document.value['spec']['vmid'] : undefined;
  return mistake('defaults-unusable', {
    range: document.range,
    detail: `Those at ${pointAt(defaults.range)} have errors, and without them fields would leave.`,
    remedy: 'Repair the Defaults; until then this manifest is left as it is.',
    ...(Number.isSafeInteger(vmid) ? {key: `guest/${vmid}`} : {}),
  });
}

/** Lets the kind speak; false if the document cannot be used. */
function apply(state: State, kind: Kind, document: ManifestDocument): boolean {
  switch (kind.role) {
    case 'resource': {
      const {desired, diagnostics} = kind.normalise(document);
      if (state.tell(diagnostics)) return false;
      state.desired.push(...desired.map((one) => withClaimRanges(one, document)));
      return true;
    }
    case 'expander': {
      const {documents, diagnostics} = kind.expand(document);
      if (state.tell(diagnostics)) return false;
      // Each member, so that the mistakes of all are told, and the good ones are lost with the bad.
      return documents.map((member) => readMember(state, member)).every((good) => good);
    }
    case 'check':
      state.checks.push({kind, document, bad: false});
      return true;
    case 'record': {
      const {secrets, diagnostics} = kind.secrets?.(document) ?? {secrets: [], diagnostics: []};
      if (state.tell(diagnostics)) return false;
      state.secrets.push(...secrets);
      return true;
    }
  }
}

/** What is claimed is shown where it is written, also if it is no field (the VMID). */
function withClaimRanges(desired: Desired, document: ManifestDocument): Desired {
  const ranges: {[path: string]: SourceRange} = {};
  for (const {path} of desired.claims) {
    const range = document.ranges[`/spec/${path.replaceAll('.', '/')}`];
    if (desired.ranges[path] === undefined && range !== undefined) ranges[path] = range;
  }
  return {...desired, ranges: {...desired.ranges, ...ranges}};
}

/** A document that a set stands for; false if it cannot be used. */
function readMember(state: State, member: ManifestDocument): boolean {
  const kind = state.kinds.get(member.kind);
  if (kind === undefined) {
    const detail = `It stands for a ${quoted(member.kind)}.`;
    const remedy = 'Use a pvegit that knows this kind.';
    state.tell([mistake('kind-unknown', {range: member.range, detail, remedy})]);
    return false;
  }
  const merged = withDefaults(member, defaultsFor(state.defaults, member.file));
  if (!state.tell(judge(kind, merged)) && apply(state, kind, merged)) return true;
  state.reject(merged);
  return false;
}
