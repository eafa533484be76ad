// Why this exists: what can be asked about backups: a storage's defaults, and the configuration
// in an archive.
import {fail} from '../failure.ts';
import {requireVolumeAccess} from '../qemu/volume-access.ts';
import type {Context, Reply} from '../route.ts';
import {data} from '../route.ts';
import {findVolume} from '../volume.ts';
import {archivedText, archiveOf} from './archive.ts';

/** GET vzdump/defaults. */
export function showDefaults({cluster, params}: Context): Reply {
  const id = params.storage ?? 'local';
  const storage = cluster.storages.get(id) ?? fail(500, `storage '${id}' does not exist`);
  return data({
    all: 0,
    bwlimit: 0,
    compress: '0',
    dumpdir: `${storage.options.get('path')}/dump`,
    fleecing: {enabled: 0},
    ionice: 7,
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
  const archive = archiveOf(findVolume(cluster, node, volid));
  return data(archivedText(archive ?? fail(500, `volume '${volid}' does not exist`)));
}
