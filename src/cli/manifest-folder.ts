// Why this exists: validate, render and import look at manifests as they lie in a folder, without
// a configuration and without a cluster.
import {isAbsolute, relative, resolve} from 'node:path';
import type {Manifests} from '../core/kind.ts';
import {kinds} from '../kinds/index.ts';
import {readManifests} from '../manifest/read.ts';
import {createSource} from '../source/create-source.ts';
import {CommandError, type Io} from './io.ts';

/** Manifests of a folder, and how the folder is called in messages. */
export interface FolderManifests {
  /** Absolute path. */
  readonly folder: string;
  /** As a person would type it. */
  readonly shown: string;
  readonly manifests: Manifests;
}

/** Reads every manifest below a folder; a folder that cannot be read is a clear error. */
export async function readFolder(io: Io, said: string | undefined): Promise<FolderManifests> {
  const folder = absolute(io, said ?? '.');
  const source = createSource(
    'folder',
    {kind: 'folder', folder},
    {
      dataFolder: folder,
      environment: {},
      token: async () => ({ok: true, value: null}),
    },
  );
  try {
    const fetched = await source.fetch(null, io.signal);
    if (!fetched.ok) {
      throw new CommandError(`${folder}: ${fetched.error.message}`, fetched.error.remedy);
    }
    const manifests = readManifests({revision: fetched.value, kinds});
    return {folder, shown: relative(io.cwd, folder) || '.', manifests};
  } finally {
    await source.close();
  }
}

/** A path as typed, made absolute. */
export function absolute(io: Pick<Io, 'cwd'>, said: string): string {
  return isAbsolute(said) ? said : resolve(io.cwd, said);
}
