// Why this exists: where each imported guest is written, under which name, and what stands above
// it, so that the files look as if somebody had kept them by hand.
import type {Exported} from '../../core/kind.ts';
import type {Inventory, Observed} from '../../core/model.ts';
import type {WrittenManifest} from '../../manifest/write.ts';
import type {TakenGuests} from './take.ts';

/** How files are put into folders. */
export const LAYOUTS = ['flat', 'node', 'pool'] as const;

/** One of the layouts. */
export type Layout = (typeof LAYOUTS)[number];

/** A guest with its place in the repository. */
export interface Placed {
  readonly guest: TakenGuests['guests'][number];
  /** metadata.name, unique among these and what is there. */
  readonly name: string;
  /** Below the source's folder; empty for the folder itself. */
  readonly folder: string;
  /** Path below the source's folder. */
  readonly path: string;
}

/** What manifests of the folder hold already. */
export interface TakenNames {
  /** metadata.name of virtual machines. */
  readonly names: ReadonlySet<string>;
  /** Paths of files, below the source's folder. */
  readonly paths: readonly string[];
}

/**
 * Gives every guest a name and a file of its own, also where case makes no difference: its name,
 * else that with its VMID.
 */
export function placeGuests(
  guests: TakenGuests['guests'],
  layout: Layout,
  {names, paths}: TakenNames,
): readonly Placed[] {
  const plain = guests.map(({observed}) => plainName(observed).toLowerCase());
  const twice = new Set(plain.filter((name, index) => plain.indexOf(name) !== index));
  const known = new Set([...names, ...plain].map((name) => name.toLowerCase()));
  const files = new Set(paths.map((path) => path.toLowerCase()));
  return guests.map((guest) => {
    const own = plainName(guest.observed);
    const folder = folderOf(guest.observed, layout);
    const stem = folder === '' ? '' : `${folder}/`;
    const pathOf = (name: string): string => `${stem}${name}.yaml`;
    const alone = !twice.has(own.toLowerCase()) && !names.has(own);
    const isFree = (name: string): boolean => !files.has(pathOf(name).toLowerCase());
    if (alone && isFree(own)) return {guest, name: own, folder, path: pathOf(own)};
    const tail = `-${vmidOf(guest.observed)}`;
    const numbered = (name: string): string => `${name.slice(0, LONGEST - tail.length)}${tail}`;
    // Another guest may be called as this one with its VMID.
    let name = numbered(own);
    for (let more = 2; known.has(name.toLowerCase()) || !isFree(name); more += 1) {
      name = numbered(`${own.slice(0, SHORT)}-${more}`);
    }
    known.add(name.toLowerCase());
    return {guest, name, folder, path: pathOf(name)};
  });
}

/** Longest metadata.name, and what of a name leaves room for two numbers behind it. */
const LONGEST = 63;
const SHORT = 45;
const NAME = /^[A-Za-z0-9](?:[-A-Za-z0-9.]{0,61}[A-Za-z0-9])?$/;

function plainName(observed: Observed): string {
  const live = observed.body['name'];
  return typeof live === 'string' && NAME.test(live) ? live : `vm-${vmidOf(observed)}`;
}

function vmidOf({key}: Observed): string {
  return key.split('/')[1] ?? '';
}

function folderOf({node, body}: Observed, layout: Layout): string {
  switch (layout) {
    case 'flat':
      return '';
    case 'node':
      return node;
    case 'pool':
      return typeof body['pool'] === 'string' ? body['pool'] : 'no-pool';
  }
}

/** An imported guest, ready to be written. */
export interface ImportedFile extends Placed {
  readonly exported: Exported;
  readonly written: WrittenManifest;
}

/** The manifest of a placed guest, with what it does not say above it. */
export function importedFile(
  placed: Placed,
  exported: Exported,
  about: {readonly inventory: Inventory; readonly schema: string | null},
): ImportedFile {
  const id = `${placed.guest.kind.idPrefix}/${vmidOf(placed.guest.observed)}`;
  const intro = `Imported from ${about.inventory.cluster} (${id}); adoption writes only a marker.`;
  const general = exported.notes.filter(({path}) => path === null);
  const comments: {[path: string]: string[]} = {};
  for (const {path, says} of exported.notes) {
    if (path !== null) comments[path] = [...(comments[path] ?? []), ...wrapped(says)];
  }
  const head = [intro, ...general.flatMap(({says}) => bullet(says))];
  return {
    ...placed,
    exported,
    written: {value: exported.value, schema: about.schema, head, comments},
  };
}

const COLUMNS = 90;

function bullet(says: string): readonly string[] {
  return wrapped(says).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
}

function wrapped(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + word.length >= COLUMNS) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
