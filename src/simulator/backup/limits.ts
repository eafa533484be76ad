// Why this exists: a backup of a guest is refused before it begins where it would be one too many,
// or would stop what the HA manager keeps running (exec_backup_task in PVE/VZDump.pm).
import {may} from '../permission.ts';
import {haResource} from '../qemu/ha.ts';
import type {Context} from '../route.ts';
import type {Guest, StorageDefinition} from '../state.ts';
import type {Options, Target} from './job-options.ts';
import {backupsOn, retention} from './prune.ts';

/** Why no backup is made; undefined when one is. */
export function refusal(
  context: Context,
  guest: Guest,
  options: Options,
  target: Target,
): string | undefined {
  const {cluster, node} = context;
  const state = haResource(cluster, guest.vmid)?.get('state') ?? 'started';
  const isKept = haResource(cluster, guest.vmid) !== undefined && state === 'started';
  if (options.mode === 'stop' && isKept) {
    return (
      'Cannot execute a backup with stop mode on a HA managed and enabled Service. ' +
      'Use snapshot mode or disable the Service.'
    );
  }
  const {storage} = target;
  if (storage === undefined) return undefined;
  const kind = guest.kind === 'lxc' ? '-lxc-' : '-qemu-';
  const there = backupsOn(cluster, node, storage.id, guest.vmid).filter(({volid}) =>
    volid.includes(kind),
  );
  const shielded = there.filter((one) => one.protected === true).length;
  return options.protected === '1'
    ? tooManyProtected(context, storage, shielded)
    : tooMany(there.length - shielded, options, storage);
}

function tooManyProtected(
  context: Context,
  storage: StorageDefinition,
  count: number,
): string | undefined {
  const limit = protectedLimit(context, storage);
  if (limit < 0 || count < limit) return undefined;
  const what = 'The number of protected backups per guest is limited to';
  return `${what} ${limit} on storage '${storage.id}'`;
}

/** How many backups of a guest may be protected: -1 for any number. */
export function protectedLimit(context: Context, storage: StorageDefinition): number {
  const isFree = may(context, `/storage/${storage.id}`, ['Datastore.Allocate']);
  return Number(storage.options.get('max-protected-backups') ?? (isFree ? -1 : 5));
}

/** Where nothing is removed, a retention is a limit. */
function tooMany(count: number, options: Options, storage: StorageDefinition): string | undefined {
  const counts = retention(options['prune-backups'] ?? keptBy(storage));
  const isAll = (counts.get('keep-all') ?? 0) > 0;
  const limit = isAll ? 0 : [...counts.values()].reduce((sum, one) => sum + one, 0);
  if (limit === 0 || options.remove !== '0' || count < limit) return undefined;
  return (
    `There is a max backup limit of ${limit} enforced by the target storage or the vzdump ` +
    'parameters. Either increase the limit or delete old backups.'
  );
}

/** The retention of a storage. */
export function keptBy(storage: StorageDefinition | undefined): string {
  return storage?.options.get('prune-backups') ?? 'keep-all=1';
}
