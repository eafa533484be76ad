// Why this exists: who may put a volume into a guest, or take one from it: the rules of
// PVE::Storage::check_volume_access, asked for disks, imports, archives and unused entries.
import {fail} from '../failure.ts';
import {may, require403} from '../permission.ts';
import {parseVolid} from '../volume.ts';
import type {VolumeName} from '../volume-name.ts';
import {readVolumeName} from '../volume-name.ts';
import type {Request} from './access-checks.ts';
import {storageNamed} from './volumes.ts';

const rawPath =
  'Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 581.';

/** The content type that a volume's name says; 500 `unable to parse … volume name '…'`. */
export function volumeType(request: Request, volid: string): string {
  return namedVolume(request, volid).content;
}

function namedVolume(request: Request, volid: string): VolumeName {
  const {cluster} = request.context;
  const parts = parseVolid(volid) ?? fail(500, `unable to parse volume ID '${volid}'`);
  return readVolumeName(storageNamed(cluster, parts.storage), parts.name);
}

/** Require access to a volume or path; `type` is the only content type that will do. */
export function requireVolumeAccess(request: Request, volid: string, type?: string): void {
  const {context, vmid} = request;
  const parts = parseVolid(volid);
  if (parts === undefined) {
    if (!context.auth.isRoot) fail(500, rawPath);
    return;
  }
  const {content: kind, vmid: owner} = namedVolume(request, volid);
  // Plugins do not tell a container's volumes from images.
  const isWanted = kind === type || (kind === 'images' && type === 'rootdir');
  if (type !== undefined && !isWanted) {
    fail(500, `unable to use volume ${volid} - content type needs to be '${type}'`);
  }
  const path = `/storage/${parts.storage}`;
  if (may(context, path, ['Datastore.Allocate'])) return;
  if (['iso', 'vztmpl', 'import'].includes(kind)) {
    require403(context, path, ['Datastore.AllocateSpace', 'Datastore.Audit'], true);
  } else if (owner !== undefined && owner === vmid) {
    // The guest's own.
  } else if (kind === 'backup' && owner !== undefined) {
    require403(context, path, ['Datastore.AllocateSpace']);
    require403(context, `/vms/${owner}`, ['VM.Backup']);
  } else if ((kind === 'images' || kind === 'rootdir') && owner !== undefined) {
    require403(context, path, ['Datastore.Audit']);
    require403(context, `/vms/${owner}`, ['VM.Config.Disk']);
  } else fail(500, `missing privileges to access ${volid}`);
}
