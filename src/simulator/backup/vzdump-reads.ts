// Why this exists: what can be asked about backups: a storage's defaults, and the configuration
// in an archive.
import {fail} from '../failure.ts';
import {may, require403} from '../permission.ts';
import {requireVolumeAccess} from '../qemu/volume-access.ts';
import type {Context, Reply} from '../route.ts';
import {data} from '../route.ts';
import {findVolume, folderOf, isFileStorage, parseVolid} from '../volume.ts';
import {readVolumeName} from '../volume-name.ts';
import {archivedText, archiveOf} from './archive.ts';

/** GET vzdump/defaults; where things lie on the node is for those who may audit it. */
export function showDefaults(context: Context): Reply {
  const {cluster, params, node} = context;
  const id = params.storage ?? 'local';
  require403(context, `/storage/${id}`, ['Datastore.Audit', 'Datastore.AllocateSpace'], true);
  const storage = cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  if (!storage.content.has('backup')) {
    fail(500, `can't use storage '${id}' for backups - wrong content type`);
  }
  const isAuditor = may(context, `/nodes/${node}`, ['Sys.Audit']);
  const folder = isFileStorage(storage) ? {dumpdir: folderOf(storage, 'backup')} : {};
  return data({
    all: 0,
    bwlimit: 0,
    compress: '0',
    fleecing: {enabled: 0},
    ...(isAuditor ? {...folder, ionice: 7} : {}),
    lockwait: 180,
    mailnotification: 'always',
    mode: 'snapshot',
    'notification-mode': 'auto',
    ...(cluster.version === '8.4' ? {'notification-policy': 'always'} : {}),
    performance: {'max-workers': 16, 'pbs-entries-max': 1_048_576},
    pigz: 0,
    'prune-backups': storage.options.get('prune-backups') ?? 'keep-all=1',
    quiet: 0,
    remove: 1,
    stdexcludes: 1,
    stop: 0,
    stopwait: 10,
    storage: id,
    zstd: 1,
  });
}

/** GET vzdump/extractconfig: the configuration in an archive, for those who may use it. */
export function extractConfig(context: Context): Reply {
  const {cluster, node, params} = context;
  const volid = params.volume ?? '';
  requireVolumeAccess({context, vmid: 0}, volid, 'backup');
  const {storage: id, name} = parseVolid(volid) ?? fail(500, `can't find file '${volid}'`);
  const storage = cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  const {vmid} = readVolumeName(storage, name);
  require403(context, `/vms/${vmid ?? ''}`, ['VM.Backup']);
  const volume = findVolume(cluster, node, volid);
  if (volume === undefined) {
    fail(500, `volume '${volid}' does not exist`);
  }
  return data(archivedText(archiveOf(volume) ?? fail(500, `unable to read '${volid}'`)));
}
