// Why this exists: while trying things out, a folder that is edited is followed like a repository:
// its content is its commit. Links are not followed and a folder in motion is not read.
import {createHash} from 'node:crypto';
import {lstat, readdir, readFile, realpath} from 'node:fs/promises';
import {join} from 'node:path';
import {watch} from 'chokidar';
import {sha256Hex} from '../core/canonical.ts';
import type {RepositoryFile, Revision} from '../core/model.ts';
import type {Source, SourceError} from '../core/ports.ts';
import {err, ok, type Result} from '../core/result.ts';
import {aborted, fail, systemCode} from './failure.ts';
import {entryProblem} from './remote.ts';
import {byPath, isLfsPointer, type Listing, noFile, type Skipped, type TreeLimits} from './tree.ts';

/** A source that is a folder (absolute path). Its root may be a link; none inside is followed. */
export function createFolderSource(name: string, folder: string, limits: TreeLimits): Source {
  const stops = new Set<() => void>();
  return {
    name,
    async fetch(last, signal) {
      const listing = await readStill(folder, limits, signal);
      return listing.ok ? ok(asRevision(name, listing.value, last)) : listing;
    },
    watch(onHint) {
      const watcher = watch(folder, {
        ignoreInitial: true,
        followSymlinks: false,
        ignored: (path) => /(?:^|[\\/])\.git(?:[\\/]|$)/.test(path.slice(folder.length)),
      });
      watcher.on('all', () => onHint());
      watcher.on('error', () => onHint());
      const stop = () => {
        stops.delete(stop);
        void watcher.close();
      };
      stops.add(stop);
      return stop;
    },
    async close() {
      for (const stop of [...stops]) stop();
    },
  };
}

const LOOK = 'Look at the folder and its file system; until then nothing newer is followed.';
/** How often a folder that changes while it is read is read again before that is an error. */
const ATTEMPTS = 4;

/** Reads until what was read is what is there: half a save is never taken for a deletion. */
async function readStill(
  folder: string,
  limits: TreeLimits,
  signal: AbortSignal | undefined,
): Promise<Result<Listing, SourceError>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    if (signal?.aborted) return err(aborted(signal));
    try {
      const root = await realpath(folder);
      const before = await walk(root, limits);
      if (!before.ok) return before;
      const listing = await readFiles(root, before.value, limits);
      const after = await walk(root, limits);
      if (!after.ok) return after;
      if (fingerprint(before.value) === fingerprint(after.value)) return listing;
    } catch (error) {
      const code = systemCode(error);
      if (code === null) throw error;
      if (code === 'EACCES' || code === 'EPERM') {
        return fail('unauthorised', 'the folder holds something that may not be read');
      }
      if (code !== 'ENOENT' && code !== 'ENOTDIR') {
        return fail('unreachable', `the folder cannot be read (${code})`, LOOK);
      }
      if (attempt === ATTEMPTS - 1) return fail('path-missing', 'the folder is not there');
    }
  }
  return fail('corrupt', 'the folder keeps changing while it is read', 'It is tried again.');
}

interface Found {
  readonly files: readonly {readonly path: string; readonly size: number; readonly at: bigint}[];
  readonly skipped: readonly Skipped[];
}

async function walk(root: string, limits: TreeLimits): Promise<Result<Found, SourceError>> {
  const files: {path: string; size: number; at: bigint}[] = [];
  const skipped: Skipped[] = [];
  let level = [''];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limits.maxDepth) return fail('too-large', 'folders nest too deeply');
    const next: string[] = [];
    for (const prefix of level) {
      for (const name of await readdir(join(root, prefix))) {
        if (name === '.git') continue;
        const path = `${prefix}${name}`;
        const because = entryProblem(name);
        const at = await lstat(join(root, path), {bigint: true});
        if (because !== null) skipped.push({path, because});
        else if (at.isDirectory()) next.push(`${path}/`);
        else if (at.isSymbolicLink()) skipped.push({path, because: 'symbolic link'});
        else if (!at.isFile()) skipped.push({path, because: 'not a regular file'});
        else files.push({path, size: Number(at.size), at: at.mtimeNs ^ at.ino});
      }
      if (files.length > limits.maxEntries) return fail('too-large', 'there are too many files');
    }
    level = next;
  }
  return ok({files: files.sort(byPath), skipped: skipped.sort(byPath)});
}

function fingerprint({files, skipped}: Found): string {
  const lines = files.map(({path, size, at}) => `${path}\0${size}\0${at}`);
  return [...lines, ...skipped.map(({path}) => path)].join('\n');
}

async function readFiles(
  root: string,
  found: Found,
  limits: TreeLimits,
): Promise<Result<Listing, SourceError>> {
  const files: RepositoryFile[] = [];
  const skipped = [...found.skipped];
  let total = 0;
  for (const {path, size} of found.files) {
    if (size > limits.maxFileBytes) {
      skipped.push({path, because: `larger than ${limits.maxFileBytes} bytes`});
      continue;
    }
    const bytes = await readFile(join(root, path));
    total += bytes.length;
    if (total > limits.maxTotalBytes) {
      return fail('too-large', `the files hold more than ${limits.maxTotalBytes} bytes together`);
    }
    if (isLfsPointer(bytes)) skipped.push({path, because: 'Git LFS pointer'});
    else files.push({path, blob: blobId(bytes), bytes});
  }
  if (files.length === 0) return fail('path-missing', `the folder ${noFile(skipped)}`);
  return ok({files, skipped: skipped.sort(byPath)});
}

/** The id that git would give, so that what is cached by it serves both. */
function blobId(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function asRevision(source: string, {files, skipped}: Listing, last: string | null): Revision {
  // What is left out may hold manifests: that it came or went makes another state of the folder.
  const content = [
    ...files.map(({path, blob}) => `${path}\0${blob}`),
    ...skipped.map(({path, because}) => `${path}\0(${because})`),
  ];
  const commit = `folder-${sha256Hex(content.join('\n')).slice(0, 40)}`;
  return {
    source,
    commit,
    branch: null,
    author: null,
    subject: null,
    committedAt: null,
    signature: {kind: 'unchecked'},
    ancestry: ancestryOf(commit, last),
    files,
    skipped,
  };
}

/** A folder has no history: whatever follows a state of it is taken as its next state. */
function ancestryOf(commit: string, last: string | null): Revision['ancestry'] {
  if (last === null) return 'first';
  if (last === commit) return 'same';
  return last.startsWith('folder-') ? 'descendant' : 'unknown';
}
