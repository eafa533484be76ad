// Why this exists: import adds to a repository in which people have written already: their files
// stay, their guests are not imported again, and their Defaults count.
import {isAbsolute, join, resolve} from 'node:path';
import type {SourceConfig} from '../../config/model.ts';
import type {RepositoryFile, ResourceKey} from '../../core/model.ts';
import {kinds} from '../../kinds/index.ts';
import {readManifests} from '../../manifest/read.ts';
import {createSource} from '../../source/create-source.ts';
import {CommandError} from '../io.ts';

/** What lies in the folder of a source. */
export interface Present {
  readonly files: readonly RepositoryFile[];
  readonly keys: ReadonlySet<ResourceKey>;
  /** metadata.name of the virtual machines that are there. */
  readonly names: ReadonlySet<string>;
}

/** Where manifests of a source are written. */
export function sourceFolder(request: {
  readonly source: SourceConfig | null;
  readonly cluster: string;
  readonly cwd: string;
  readonly said: string | undefined;
}): string {
  const {source, cluster, cwd, said} = request;
  if (said !== undefined) return isAbsolute(said) ? said : resolve(cwd, said);
  if (source?.origin.kind === 'folder') return source.origin.folder;
  // A repository is followed by its address: what is typed in is a working copy of it.
  if (source?.origin.kind === 'git') return join(cwd, source.origin.path);
  return join(cwd, 'clusters', cluster);
}

/** Reads a folder; one that is not there, or holds nothing, is empty. */
export async function presentFiles(folder: string): Promise<Present> {
  const source = createSource(
    'present',
    {kind: 'folder', folder},
    {
      dataFolder: folder,
      environment: {},
      token: async () => ({ok: true, value: null}),
    },
  );
  const fetched = await source.fetch(null);
  await source.close();
  if (!fetched.ok) {
    if (fetched.error.kind === 'path-missing')
      return {files: [], keys: new Set(), names: new Set()};
    throw new CommandError(`${folder}: ${fetched.error.message}`, fetched.error.remedy);
  }
  const files = fetched.value.files.filter(({path}) => /\.ya?ml$/.test(path));
  const {desired, claimed} = readManifests({revision: fetched.value, kinds});
  return {
    files,
    keys: new Set([...desired.map(({key}) => key), ...claimed]),
    names: new Set(desired.map(({name}) => name)),
  };
}
