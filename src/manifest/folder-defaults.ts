// Why this exists: Defaults are read before everything else, and one that cannot be read must stop
// all that lies below it: without it, fields would seem to have left the manifests.
import type {JsonObject} from '../core/json.ts';
import type {Kind, ManifestDocument} from '../core/kind.ts';
import type {Diagnostic} from '../core/model.ts';
import {suggest} from '../core/suggest.ts';
import {quoted} from '../core/visible.ts';
import {pointAt} from './claims.ts';
import {type FolderDefaults, folderOf} from './defaults.ts';
import {mistake, placeOf} from './document.ts';
import type {Broken, Headed} from './found.ts';
import type {Gathered} from './gather.ts';
import {escapePointer} from './places.ts';
import {checkPartial, checkSchema} from './schema-check.ts';

/** The Defaults of a revision, usable or not, and what is wrong with them. */
export interface ReadDefaults {
  readonly defaults: readonly FolderDefaults[];
  readonly diagnostics: readonly Diagnostic[];
}

/** True for a document that gives partial specs to others. */
export function isDefaults({kind}: Headed): boolean {
  return kind.role === 'record' && kind.partials !== undefined;
}

/** Reads all Defaults of a revision. */
export function readDefaults({documents, broken, kinds}: Gathered): ReadDefaults {
  const unreadable = broken.filter(({kind}) => kind === 'Defaults').map(unusableDefaults);
  const read = documents.filter(isDefaults).map((headed) => readOne(headed, kinds));
  const all = [...unreadable, ...read.map(({defaults}) => defaults)];
  const twice = new Set(all.filter((one) => othersOf(one, all).length > 0));
  return {
    defaults: all.map((one) => (twice.has(one) ? {...one, usable: false} : one)),
    diagnostics: [
      ...read.flatMap(({diagnostics}) => diagnostics),
      ...[...twice].flatMap((one) => twoMistake(one, othersOf(one, all))),
    ],
  };
}

function unusableDefaults(broken: Broken): FolderDefaults {
  const start = {line: 1, column: 1, offset: 0};
  const range = {file: broken.file, start, end: start};
  const folder = folderOf(broken.file);
  return {folder, partials: {}, ranges: {}, range, usable: false, origin: broken};
}

interface ReadOne {
  readonly defaults: FolderDefaults;
  readonly diagnostics: readonly Diagnostic[];
}

function readOne(headed: Headed, kinds: Gathered['kinds']): ReadOne {
  const {kind, document, bad} = headed;
  const bySchema = checkSchema(kind, document);
  const inForm = bySchema.length === 0 && kind.role === 'record';
  const found = inForm ? kind.partials?.(document) : undefined;
  const partials = found?.partials ?? {};
  const diagnostics = [
    ...bySchema,
    ...(found?.diagnostics ?? []),
    ...checkPartials(document, partials, kinds),
  ];
  const usable = !bad && !diagnostics.some(({severity}) => severity === 'error');
  const {ranges, range, file} = document;
  const folder = folderOf(file);
  return {defaults: {folder, partials, ranges, range, usable, origin: headed}, diagnostics};
}

function othersOf(one: FolderDefaults, all: readonly FolderDefaults[]): readonly FolderDefaults[] {
  return all.filter((other) => other !== one && other.folder === one.folder);
}

/** At most one for each folder: which of two wins would depend on their names. */
function twoMistake(
  one: FolderDefaults,
  [other]: readonly FolderDefaults[],
): readonly Diagnostic[] {
  if (!one.usable || other === undefined) return [];
  const folder = one.folder === '' ? 'The source’s folder' : quoted(one.folder);
  const detail = `${folder} has others at ${pointAt(other.range)}; which win is unclear.`;
  const remedy = 'Put them into one document, or into folders of their own.';
  return [mistake('defaults-two', {range: one.range, detail, remedy})];
}

function checkPartials(
  document: ManifestDocument,
  partials: {readonly [kind: string]: JsonObject},
  kinds: ReadonlyMap<string, Kind>,
): readonly Diagnostic[] {
  return Object.entries(partials).flatMap(([name, partial]) => {
    const pointer = `/spec/${escapePointer(name)}`;
    const kind = kinds.get(name);
    if (kind === undefined || kind.role === 'record' || kind.role === 'check') {
      return [kindMistake(document, name, kinds)];
    }
    // The partial's own pointers begin at the kind's name, those of a whole document at the spec.
    return checkPartial(kind, partial, (at, what) => {
      return placeOf(
        document,
        at.replace(/^\/spec/, () => pointer),
        what,
      );
    });
  });
}

function kindMistake(
  document: ManifestDocument,
  name: string,
  kinds: ReadonlyMap<string, Kind>,
): Diagnostic {
  const taking = [...kinds.values()].filter(({role}) => role === 'resource' || role === 'expander');
  const names = taking.map((kind) => kind.name).sort();
  return mistake('defaults-kind', {
    range: placeOf(document, `/spec/${escapePointer(name)}`, 'key'),
    detail: `${quoted(name)} is not a kind that guests or other resources have.`,
    remedy: `Write one of ${names.join(', ')}.`,
    suggestion: suggest(name, names),
  });
}
