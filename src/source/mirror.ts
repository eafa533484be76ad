// Why this exists: where the mirror of a source lies on the disk, what both engines ask of its
// files, and that no mirror of a former address stays behind.
import {createHash} from 'node:crypto';
import {readdir, rm, stat} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import type {Remote} from './remote.ts';

/** A bare repository of ours and the engine that keeps it. */
export interface Mirror {
  readonly way: 'builtin' | 'program';
  /** Absolute path. */
  readonly gitDir: string;
}

/** The mirror of a source. Another address is another one: nothing can be taken for it. */
export function mirrorOf(
  name: string,
  dataFolder: string,
  followed: {
    readonly remote: Remote;
    readonly branch: string;
    readonly engine: 'auto' | 'builtin' | 'program';
  },
): Mirror {
  const {remote, branch, engine} = followed;
  const isHttp = remote.protocol === 'http' || remote.protocol === 'https';
  const way = isHttp && engine !== 'program' ? 'builtin' : 'program';
  const identity = `${way}\n${remote.url}\n${branch}`;
  const digest = createHash('sha256').update(identity).digest('hex');
  return {way, gitDir: join(dataFolder, 'git', `${name}-${digest.slice(0, 12)}`)};
}

/** Removes what this source had under other addresses, and what a crash left of a swap. */
export async function sweepMirrors(name: string, {gitDir}: Mirror): Promise<void> {
  const folder = dirname(gitDir);
  for (const other of await readdir(folder).catch(() => [])) {
    const tail = other.startsWith(`${name}-`) ? other.slice(name.length + 1) : '';
    const isOurs = /^[0-9a-f]{12}(?:\.new|\.old)?$/.test(tail) && other !== basename(gitDir);
    if (isOurs) await rm(join(folder, other), {recursive: true, force: true});
  }
}

/** Packs with an index; one more with each fetch that brought something. */
export async function countPacks(gitDir: string): Promise<number> {
  const names = await readdir(join(gitDir, 'objects', 'pack')).catch(() => []);
  return names.filter((name) => name.endsWith('.idx')).length;
}

/** True when the remote gave a history without its beginning: then nothing can be ruled out. */
export async function isShallow(gitDir: string): Promise<boolean> {
  const file = await stat(join(gitDir, 'shallow')).catch(() => null);
  return file !== null && file.size > 0;
}
