// Why this exists: manifests that the program writes (init, new, import) look as a person would
// have written them: groups on one line where they fit, comments where something is to be said.
import {Document, isMap, isScalar, isSeq, type Pair, Scalar, visit, type YAMLMap} from 'yaml';
import {assert} from '../core/assert.ts';
import type {JsonObject} from '../core/json.ts';
import {visible} from '../core/visible.ts';

/** A manifest to be written. */
export interface WrittenManifest {
  readonly value: JsonObject;
  /** Where the schema is, for the modeline; null for none. */
  readonly schema: string | null;
  /** Lines at the top, without `#`. */
  readonly head: readonly string[];
  /** Lines above a key, by its path such as `spec.disks.scsi0`. */
  readonly comments: {readonly [path: string]: readonly string[]};
}

/** Longest line that a group may share. */
const WIDTH = 96;
/** Characters that must not stand raw in a file: they change how the line reads. */
const UNSEEN = /[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The text of a manifest, with a line feed at its end. Reading it gives the same value. */
export function manifestText({value, schema, head, comments}: WrittenManifest): string {
  const document = new Document(value, {version: '1.2', aliasDuplicateObjects: false});
  layOut(document);
  for (const [path, lines] of Object.entries(comments)) comment(document, path, lines);
  const text = document.toString({lineWidth: 0, flowCollectionPadding: false});
  const modeline = schema === null ? [] : [`# yaml-language-server: $schema=${schema}`];
  const top = [...modeline, ...head.map((line) => `# ${visible(line)}`.trimEnd())];
  return [...top, text.replace(UNSEEN, (unseen) => escaped(unseen))].join('\n');
}

/** Several manifests of one file. */
export function manifestsText(manifests: readonly WrittenManifest[]): string {
  return manifests.map(manifestText).join('---\n');
}

function layOut(document: Document): void {
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value !== 'string') return;
      if (node.value.search(UNSEEN) >= 0) node.type = Scalar.QUOTE_DOUBLE;
    },
    Collection: (key, node, path) => {
      const depth = path.filter((parent) => isMap(parent) || isSeq(parent)).length;
      // The document, its metadata and its spec are blocks; so are the maps of slots below it.
      if (depth < 2 && !isSmallMetadata(path, key, node)) return;
      if (!isPlain(node)) return;
      const column = depth * 2 + keyLength(path);
      if (column + flowLength(node) <= WIDTH) node.flow = true;
    },
  });
}

function isSmallMetadata(path: readonly unknown[], key: unknown, node: unknown): boolean {
  const parent = path.at(-1);
  const named = isPair(parent) && isScalar(parent.key) && parent.key.value === 'metadata';
  return key === 'value' && named && isMap(node) && node.items.length === 1;
}

function isPair(node: unknown): node is Pair {
  return typeof node === 'object' && node !== null && 'key' in node && 'value' in node;
}

/** Holds nothing that needs lines of its own: no long text, no maps in maps in maps. */
function isPlain(node: unknown, depth = 0): boolean {
  if (isScalar(node)) return typeof node.value !== 'string' || !node.value.includes('\n');
  if (depth > 1) return false;
  if (isSeq(node)) return node.items.every((item) => isScalar(item) && isPlain(item));
  if (!isMap(node)) return false;
  const maps = node.items.filter(({value}) => isMap(value)).length;
  // A map of slots (`disks`) stays a block, so that each slot has its line.
  if (maps > 0 && node.items.length > 0 && depth === 0 && !isReference(node)) return false;
  return node.items.every(({value}) => isPlain(value, depth + 1));
}

function isReference(node: YAMLMap): boolean {
  return node.has('secretRef');
}

function keyLength(path: readonly unknown[]): number {
  const parent = path.at(-1);
  return isPair(parent) && isScalar(parent.key) ? String(parent.key.value).length + 2 : 2;
}

function flowLength(node: unknown): number {
  if (isScalar(node)) return plainLength(node.value);
  if (isSeq(node)) return node.items.reduce((sum: number, item) => sum + flowLength(item) + 2, 2);
  if (!isMap(node)) return 0;
  return node.items.reduce((sum, {key, value}) => sum + flowLength(key) + flowLength(value) + 4, 2);
}

/** What needs no quotes for sure counts without them. */
function plainLength(value: unknown): number {
  const text = String(value);
  return /^[\w./:-]+$/.test(text) ? text.length : JSON.stringify(text).length;
}

function comment(document: Document, path: string, lines: readonly string[]): void {
  const parts = path.split('.');
  const last = parts.pop();
  const holder = parts.length === 0 ? document.contents : document.getIn(parts, true);
  assert(isMap(holder), `a comment needs a key: ${path}`);
  const pair = holder.items.find(({key}) => isScalar(key) && key.value === last);
  assert(pair !== undefined && isScalar(pair.key), `a comment needs a key: ${path}`);
  pair.key.commentBefore = lines.map((line) => ` ${visible(line)}`).join('\n');
  // A comment ends the line, so that what holds it cannot be one.
  for (let depth = 1; depth <= parts.length; depth += 1) {
    const node = document.getIn(parts.slice(0, depth), true);
    if (isMap(node)) node.flow = false;
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
