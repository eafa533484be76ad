// Why this exists: what a backup is told is put into one form before it runs, checked against the
// storage, and repeated in the log (verify_vzdump_parameters and new in PVE/VZDump.pm, command_line
// in PVE/VZDump/Common.pm).
import {fail} from '../failure.ts';
import {folderExists} from '../node-folders.ts';
import type {Context} from '../route.ts';
import {splitList} from '../route.ts';
import type {Cluster, StorageDefinition} from '../state.ts';
import {folderOf} from '../volume.ts';

/** Parameters of a backup, by name. */
export type Options = Readonly<Record<string, string>>;

/** Where archives go: a storage, or a directory that only root names. */
export interface Target {
  readonly storage: StorageDefinition | undefined;
  readonly folder: string;
}

/** `maxfiles` reads as a retention, and whoever excludes guests means all others. */
export function normalOptions(params: Options): Options {
  const {maxfiles, ...rest} = params;
  const isExcluding = rest.exclude !== undefined && (rest.pool ?? '') === '';
  return {
    ...rest,
    ...(maxfiles === undefined ? {} : {'prune-backups': retentionOf(maxfiles)}),
    ...(isExcluding ? {all: '1'} : {}),
  };
}

/** The old limit as a retention. */
export function retentionOf(maxfiles: string): string {
  return Number(maxfiles) === 0 ? 'keep-all=1' : `keep-last=${Number(maxfiles)}`;
}

/** The storage that a backup goes to; undefined when root names a directory. */
export function storageNamed(options: Options): string | undefined {
  return (options.dumpdir ?? '') === '' ? options.storage || 'local' : undefined;
}

/** Where the worker writes; it ends here when that cannot be. */
export function openTarget(cluster: Cluster, node: string, options: Options): Target {
  const {dumpdir, tmpdir} = options;
  if (options.storage !== undefined && dumpdir !== undefined) {
    fail(500, "cannot use options 'storage' and 'dumpdir' at the same time");
  }
  const id = storageNamed(options);
  const missing = (name: string, path: string | undefined): readonly string[] =>
    path === undefined || folderExists(cluster, path) ? [] : [`${name} '${path}' does not exist`];
  const errors = [
    ...(id === undefined ? missing('dumpdir', dumpdir) : storageErrors(cluster, node, id)),
    ...missing('tmpdir', tmpdir),
  ];
  if (errors.length > 0) {
    fail(500, errors.join('\n'));
  }
  const storage = id === undefined ? undefined : cluster.storages.get(id);
  const folder = storage === undefined ? (dumpdir ?? '') : folderOf(storage, 'backup');
  return {storage, folder: folder.replace(/\/+$/, '')};
}

function storageErrors(cluster: Cluster, node: string, id: string): readonly string[] {
  const storage = cluster.storages.get(id);
  if (storage === undefined) {
    const text = `storage '${id}' does not exist`;
    return [
      `could not activate storage '${id}': ${text}`,
      `could not get storage information for '${id}': ${text}`,
    ];
  }
  const elsewhere = storage.nodes !== undefined && !storage.nodes.has(node);
  const cause = storage.disabled
    ? 'disabled'
    : elsewhere
      ? `not available on node '${node}'`
      : storage.outOfReach === true
        ? 'not online'
        : undefined;
  const wrong = `can't use storage '${id}' for backups - wrong content type`;
  return [
    ...(cause === undefined
      ? []
      : [`could not activate storage '${id}': storage '${id}' is ${cause}`]),
    ...(storage.content.has('backup')
      ? []
      : [`could not get storage information for '${id}': ${wrong}`]),
  ];
}

const unsaid = new Set(['id', 'vmid', 'starttime', 'dow', 'stdout', 'enabled', 'job-id']);

/** What the log says was asked: `vzdump 100 --mode stop --node pve1`. */
export function commandLine(context: Context, options: Options): string {
  const words = Object.entries({...options, node: context.node})
    .filter(([key, value]) => !unsaid.has(key) && value !== '')
    .map(([key, value]) => `--${key} ${quoted(key === 'fleecing' ? shortFleecing(value) : value)}`);
  const paths = context.arrays['exclude-path'] ?? [];
  return [
    ...splitList(options.vmid ?? ''),
    ...words,
    ...paths.map((path) => `--exclude-path ${quoted(path)}`),
  ].join(' ');
}

/** The switch is the default key, which is printed first and without its name. */
function shortFleecing(text: string): string {
  const parts = text.split(',').map((part) => part.replace(/^enabled=/, ''));
  const isStorage = (part: string): boolean => part.startsWith('storage=');
  return [...parts.filter((part) => !isStorage(part)), ...parts.filter(isStorage)].join(',');
}

function quoted(text: string): string {
  return /^[\w!%+,\-./:=@^]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
