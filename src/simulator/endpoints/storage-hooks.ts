// Why this exists: a storage's plugin has a say when its definition is written: secrets go where
// they are not read again, what is defined is tried, and `local` is always there
// (on_add_hook and activate_storage in PVE/Storage/*Plugin.pm, parse_config in Plugin.pm).
import {fail} from '../failure.ts';
import {folderExists} from '../node-folders.ts';
import type {Context} from '../route.ts';
import type {Cluster, StorageDefinition} from '../state.ts';
import {folderOf, parseVolid} from '../volume.ts';
import {storageTypes} from './storage-types.ts';

/** Why a storage cannot be used; undefined when it can. */
export function activationProblem(
  cluster: Cluster,
  storage: StorageDefinition,
): string | undefined {
  const {id, type, options} = storage;
  switch (type) {
    case 'dir':
    case 'btrfs':
      return folderProblem(cluster, storage);
    case 'lvmthin': {
      const pool = `${options.get('vgname')}/${options.get('thinpool')}`;
      const isThere = pool === 'pve/data' || has(cluster, storage, ['vgname', 'thinpool']);
      return isThere ? undefined : `no such logical volume ${pool}`;
    }
    case 'zfspool': {
      if (has(cluster, storage, ['pool'])) return undefined;
      const [pool] = (options.get('pool') ?? '').split('/');
      const cause = `zfs error: cannot import '${pool}': no such pool available`;
      return `could not activate storage '${id}', ${cause}`;
    }
    case 'pbs': {
      const address = `${options.get('server')}:${options.get('port') ?? 8007}`;
      const cause = `500 Can't connect to ${address} (Connection refused)`;
      return `${id}: error fetching datastores - ${cause}`;
    }
    default:
      return storageTypes[type]?.isRemote === true ? `storage '${id}' is not online` : undefined;
  }
}

/** Whether another storage is defined on the same thing. */
function has(cluster: Cluster, storage: StorageDefinition, keys: readonly string[]): boolean {
  return [...cluster.storages.values()].some(
    (one) =>
      one.type === storage.type &&
      keys.every((key) => one.options.get(key) === storage.options.get(key)),
  );
}

function folderProblem(cluster: Cluster, storage: StorageDefinition): string | undefined {
  const {id, options} = storage;
  const path = options.get('path') ?? '';
  const mounted = mountOf(options.get('is_mountpoint'), path);
  if (mounted !== undefined) {
    const why = `directory is expected to be a mount point but is not mounted: '${mounted}'`;
    return `unable to activate storage '${id}' - ${why}`;
  }
  const isMade = options.get('create-base-path') !== '0' && options.get('mkdir') !== '0';
  if (!isMade && !folderExists(cluster, path)) {
    const why = `directory '${path}' does not exist or is unreachable`;
    return `unable to activate storage '${id}' - ${why}`;
  }
  const folders = [...storage.content].sort().map((content) => folderOf(storage, content));
  const twice = folders.find((folder, index) => folders.indexOf(folder) < index);
  return twice === undefined
    ? undefined
    : `storage '${id}' uses directory ${twice} for multiple content types`;
}

/** A truth value stands for the storage's own path, anything else is one; nothing is mounted. */
function mountOf(text: string | undefined, path: string): string | undefined {
  if (text === undefined || /^(0|off|no|false)$/i.test(text)) return undefined;
  return /^(1|on|yes|true)$/i.test(text) ? path : text;
}

/** The part of an answer that tells of generated properties; only a backup server's has one. */
export interface Shown {
  readonly config?: Readonly<Record<string, string>>;
}

/** Put secrets aside; a backup server's keys leave a trace in the definition. */
export function keepSecrets({cluster, params}: Context, storage: StorageDefinition): Shown {
  if (storage.type === 'esxi' && params.password === undefined && isNew(cluster, storage)) {
    fail(500, 'missing password');
  }
  const base = storage.options.get('base');
  if (base !== undefined && isNew(cluster, storage)) {
    refuseBase(cluster, base);
  }
  if (storage.type !== 'pbs') {
    return {};
  }
  const {'encryption-key': key, 'master-pubkey': master} = params;
  const config = key === undefined ? {} : {'encryption-key': keepKey(cluster, storage, key)};
  if (master !== undefined) {
    if (!storage.options.has('encryption-key')) {
      fail(500, "'master-pubkey' can only be used together with 'encryption-key'");
    }
    storage.options.set('master-pubkey', '1');
  }
  return {config};
}

/** A volume group is made on a LUN only. */
function refuseBase(cluster: Cluster, base: string): void {
  const id = parseVolid(base)?.storage ?? '';
  const found = cluster.storages.get(id) ?? fail(500, `base storage ID '${id}' does not exist`);
  if (found.type !== 'iscsi') {
    const where = 'at /usr/share/perl5/PVE/Storage/LVMPlugin.pm line 338.';
    fail(500, `unsupported base type '${found.type}' ${where}`);
  }
}

function isNew(cluster: Cluster, storage: StorageDefinition): boolean {
  return !cluster.storages.has(storage.id);
}

function keepKey(cluster: Cluster, storage: StorageDefinition, key: string): string {
  const isMade = key === 'autogen';
  const bytes = cluster.random.hex(64).match(/../g) ?? [];
  const made = {kdf: null, data: cluster.random.hex(64), fingerprint: bytes.join(':')};
  const text = isMade ? JSON.stringify(made) : key;
  const {data, fingerprint} = parsed(text);
  if (data === undefined) {
    fail(500, 'Value does not seems like a valid, JSON formatted encryption key!');
  }
  storage.options.set('encryption-key', typeof fingerprint === 'string' ? fingerprint : '1');
  return text;
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? {...json} : {};
  } catch {
    return {};
  }
}

/** `local` is there on every node whatever is written. */
export function keepLocal(cluster: Cluster): void {
  const local = cluster.storages.get('local');
  if (local !== undefined) {
    local.nodes = undefined;
    return;
  }
  const [other] = cluster.storages.values();
  cluster.storages.set('local', {
    id: 'local',
    type: 'dir',
    content: new Set(['backup', 'images', 'iso', 'rootdir', 'snippets', 'vztmpl']),
    shared: false,
    disabled: false,
    nodes: undefined,
    options: new Map([
      ['path', '/var/lib/vz'],
      ['prune-backups', 'keep-all=1'],
    ]),
    totalBytes: other?.totalBytes ?? 252 * 1024 ** 3,
    allocateMs: 0,
    copyMsPerGiB: 400,
  });
}
