// Why this exists: the files of a commit are read from its trees and blobs, without a work tree, so
// that a link, a submodule or a strange name in the repository can never lead outside of it.
import {createHash} from 'node:crypto';
import type {RepositoryFile} from '../core/model.ts';
import type {SourceError} from '../core/ports.ts';
import {ok, type Result} from '../core/result.ts';
import type {BlobCache} from './blob-cache.ts';
import type {Engine, RawObject} from './engine.ts';
import {fail} from './failure.ts';
import {entryProblem} from './remote.ts';

/** Bounds on what is read of one revision. */
export interface TreeLimits {
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
  readonly maxEntries: number;
  readonly maxDepth: number;
}

/** A file that was not read, and why. */
export interface Skipped {
  readonly path: string;
  readonly because: string;
}

/** The regular files below a path, and what was left out. */
export interface Listing {
  readonly files: readonly RepositoryFile[];
  readonly skipped: readonly Skipped[];
}

/** What reading needs: where from, what is known already, how much, how long. */
export interface Reader {
  readonly engine: Engine;
  readonly cache: BlobCache;
  readonly limits: TreeLimits;
  readonly signal: AbortSignal;
}

/** Reads the files below `path` of a commit's tree; paths in the answer are relative to it. */
export async function readTree(
  reader: Reader,
  root: string,
  path: readonly string[],
): Promise<Result<Listing, SourceError>> {
  const start = await descend(reader, root, path);
  if (!start.ok) return start;
  const listed = await list(reader, start.value);
  if (!listed.ok) return listed;
  return readBlobs(reader, listed.value);
}

interface Entry {
  readonly mode: string;
  readonly name: string;
  readonly id: string;
}

interface Listed {
  readonly blobs: readonly {readonly path: string; readonly id: string}[];
  readonly skipped: readonly Skipped[];
}

async function descend(
  reader: Reader,
  root: string,
  path: readonly string[],
): Promise<Result<string, SourceError>> {
  let id = root;
  for (const part of path) {
    const trees = await readTrees(reader, [id]);
    if (!trees.ok) return trees;
    const entry = trees.value.get(id)?.find(({name}) => name === part);
    if (entry?.mode !== '40000') {
      const what = entry === undefined ? 'is not there' : 'is not a folder';
      return fail('path-missing', `\`${path.join('/')}\` ${what} in the followed commit`);
    }
    id = entry.id;
  }
  return ok(id);
}

/** Level by level, so that the git program is asked once a level. */
async function list(reader: Reader, root: string): Promise<Result<Listed, SourceError>> {
  const blobs: {path: string; id: string}[] = [];
  const skipped: Skipped[] = [];
  let level = [{prefix: '', id: root}];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > reader.limits.maxDepth) return fail('too-large', 'folders nest too deeply');
    const trees = await readTrees(reader, [...new Set(level.map(({id}) => id))]);
    if (!trees.ok) return trees;
    const next: typeof level = [];
    for (const {prefix, id} of level) {
      for (const entry of trees.value.get(id) ?? []) {
        const path = `${prefix}${entry.name}`;
        const because = refusal(entry);
        if (because !== null) skipped.push({path, because});
        else if (entry.mode === '40000') next.push({prefix: `${path}/`, id: entry.id});
        else blobs.push({path, id: entry.id});
      }
      const entries = blobs.length + skipped.length + next.length;
      if (entries > reader.limits.maxEntries) return fail('too-large', 'there are too many files');
    }
    level = next;
  }
  return ok({blobs, skipped});
}

function refusal(entry: Entry): string | null {
  const odd = entryProblem(entry.name);
  if (odd !== null) return odd;
  if (entry.mode === '120000') return 'symbolic link';
  if (entry.mode === '160000') return 'submodule';
  return /^(?:40000|100644|100755|100664)$/.test(entry.mode) ? null : 'not a regular file';
}

const TREE_BYTES = 32 * 1024 * 1024;

async function readTrees(
  {engine, signal}: Reader,
  ids: readonly string[],
): Promise<Result<ReadonlyMap<string, readonly Entry[]>, SourceError>> {
  const answer = await engine.objects(ids, TREE_BYTES, signal);
  if (!answer.ok) return answer;
  const trees = new Map<string, readonly Entry[]>();
  for (const id of ids) {
    const object = answer.value.found.get(id);
    const entries = object?.type === 'tree' && isGenuine(object) ? parseTree(object.bytes) : null;
    if (entries === null) return fail('corrupt', 'a folder of the commit is missing or damaged');
    trees.set(id, entries);
  }
  return ok(trees);
}

/** `<mode> <name>\0<20 bytes>` … */
function parseTree(bytes: Uint8Array): readonly Entry[] | null {
  const decoder = new TextDecoder();
  const entries: Entry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(32, at);
    const nul = bytes.indexOf(0, space);
    if (space < 0 || nul < 0 || nul + 21 > bytes.length) return null;
    const mode = decoder.decode(bytes.subarray(at, space));
    const name = decoder.decode(bytes.subarray(space + 1, nul));
    const id = Buffer.from(bytes.subarray(nul + 1, nul + 21)).toString('hex');
    entries.push({mode, name, id});
    at = nul + 21;
  }
  return entries;
}

async function readBlobs(reader: Reader, listed: Listed): Promise<Result<Listing, SourceError>> {
  const {engine, cache, limits, signal} = reader;
  const contents = new Map<string, Uint8Array>();
  const wanted = new Set<string>();
  for (const {id} of listed.blobs) {
    const known = cache.get(id);
    if (known === undefined) wanted.add(id);
    else contents.set(id, known);
  }
  const answer = await engine.objects([...wanted], limits.maxFileBytes, signal);
  if (!answer.ok) return answer;
  for (const id of wanted) {
    const object = answer.value.found.get(id);
    if (object === undefined) continue;
    if (object.type !== 'blob' || !isGenuine(object)) return fail('corrupt', 'a file is damaged');
    contents.set(id, object.bytes);
    cache.set(id, object.bytes);
  }
  cache.keepOnly(new Set(listed.blobs.map(({id}) => id)));
  return collect(listed, contents, answer.value.tooLarge, limits);
}

function collect(
  listed: Listed,
  contents: ReadonlyMap<string, Uint8Array>,
  tooLarge: ReadonlySet<string>,
  limits: TreeLimits,
): Result<Listing, SourceError> {
  const files: RepositoryFile[] = [];
  const skipped = [...listed.skipped];
  let total = 0;
  for (const {path, id} of listed.blobs) {
    const bytes = contents.get(id);
    if (tooLarge.has(id)) skipped.push({path, because: `larger than ${limits.maxFileBytes} bytes`});
    else if (bytes === undefined) return fail('corrupt', 'a file of the commit is missing');
    else if (isLfsPointer(bytes)) skipped.push({path, because: 'Git LFS pointer'});
    else {
      total += bytes.length;
      files.push({path, blob: id, bytes});
    }
  }
  if (total > limits.maxTotalBytes) {
    return fail('too-large', `the files hold more than ${limits.maxTotalBytes} bytes together`);
  }
  files.sort(byPath);
  skipped.sort(byPath);
  return ok({files, skipped});
}

/** True for the small text that Git LFS leaves in place of a file. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  if (bytes.length > 1024) return false;
  return new TextDecoder().decode(bytes).startsWith('version https://git-lfs.github.com/spec/');
}

/** Orders by path, by UTF-16 code units: the same everywhere. */
export function byPath(a: {readonly path: string}, b: {readonly path: string}): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

/** True when the bytes are those that the id names. */
export function isGenuine({id, type, bytes}: RawObject): boolean {
  const hash = createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes);
  return hash.digest('hex') === id;
}

/** The end of a sentence about a place without a file, with what stands there instead. */
export function noFile(skipped: readonly Skipped[]): string {
  const [first, ...others] = skipped;
  if (first === undefined) return 'holds no readable file';
  const more = others.length === 0 ? '' : `, and ${others.length} more`;
  return `holds no readable file (${JSON.stringify(first.path)}: ${first.because}${more})`;
}
