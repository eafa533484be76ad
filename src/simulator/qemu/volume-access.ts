// Why this exists: who may put a volume into a guest, or take one from it: the rules of
// PVE::Storage::check_volume_access, asked for disks, imports, archives and unused entries.
import {fail} from '../failure.ts';
import {may, require403} from '../permission.ts';
import {isFileStorage, parseVolid} from '../volume.ts';
import type {Request} from './access-checks.ts';
import {volumeOwner} from './drive.ts';
import {storageNamed} from './volumes.ts';

const rawPath =
  'Only root can pass arbitrary filesystem paths. at /usr/share/perl5/PVE/Storage.pm line 581.';

/** The content type that a volume's name says; 500 `unable to parse … volume name '…'`. */
export function volumeType(request: Request, volid: string): string {
  const {cluster} = request.context;
  const parts = parseVolid(volid) ?? fail(500, `unable to parse volume ID '${volid}'`);
  const storage = storageNamed(cluster, parts.storage);
  const {name} = parts;
  if (isFileStorage(storage)) return fileType(name);
  const folder = /^(iso|vztmpl|import|snippets|backup|rootdir)\//.exec(name)?.[1];
  if (folder !== undefined) return folder;
  if (storage.type === 'lvm' || storage.type === 'lvmthin') {
    return /^(vm|base|snap)-\d+-/.test(name)
      ? 'images'
      : fail(500, `unable to parse lvm volume name '${name}'`);
  }
  if (/^(\d+\/[^/]+\/)?\d+\/[^/]+\.(raw|qcow2|vmdk|subvol)$/.test(name)) return 'images';
  if (/(^|\/)(vm|base|subvol|basevol)-\d+-/.test(name)) return 'images';
  return fail(500, `unable to parse directory volume name '${name}'`);
}

const safe = '[-a-zA-Z0-9_.+,=@ ]+';

/** Names by content type, as parse_volname of PVE/Storage/Plugin.pm reads them. */
const fileNames: readonly (readonly [string, RegExp])[] = [
  ['iso', /^iso\/[^/]+\.(?:iso|img)$/i],
  ['vztmpl', /^vztmpl\/[^/]+\.tar\.(gz|xz|zst|bz2)$/i],
  ['rootdir', /^rootdir\/\d+$/],
  ['backup', /^backup\/[^/]+\.(tgz|(?:tar|vma)(?:\.(gz|lzo|zst|bz2))?)$/],
  ['snippets', /^snippets\/[^/]+$/],
  ['import', new RegExp(`^import/${safe}\\.ova/${safe}\\.(qcow2|raw|vmdk)$`)],
  ['import', new RegExp(`^import/${safe}\\.(ova|ovf|qcow2|raw|vmdk)$`)],
];

function fileType(name: string): string {
  const linked = /^\d+\/(\S+)\/\d+\/(\S+)$/.exec(name) ?? /^\d+\/(\S+)$/.exec(name);
  if (linked === null) {
    const known = fileNames.find(([, pattern]) => pattern.test(name));
    return known?.[0] ?? fail(500, `unable to parse directory volume name '${name}'`);
  }
  const bad = linked.slice(1).find((one) => !/^[^/\s]+\.(raw|qcow2|vmdk|subvol)$/.test(one));
  return bad === undefined ? 'images' : fail(500, `unable to parse volume filename '${bad}'`);
}

/** The guest that a volume belongs to, told from its name; backups count. */
function ownerOf(volid: string): number | undefined {
  const backup = /^[^:]+:backup\/vzdump-(?:qemu|lxc)-(\d+)-/.exec(volid)?.[1];
  const folder = /^[^:]+:(?:\d+\/[^/]+\/)?(\d+)\/[^/]+$/.exec(volid)?.[1];
  const named = backup ?? folder;
  return named === undefined ? volumeOwner(volid) : Number(named);
}

/** Require access to a volume or path; `type` is the only content type that will do. */
export function requireVolumeAccess(request: Request, volid: string, type?: string): void {
  const {context, vmid} = request;
  const parts = parseVolid(volid);
  if (parts === undefined) {
    if (!context.auth.isRoot) fail(500, rawPath);
    return;
  }
  const kind = volumeType(request, volid);
  // Plugins do not tell a container's volumes from images.
  const isWanted = kind === type || (kind === 'images' && type === 'rootdir');
  if (type !== undefined && !isWanted) {
    fail(500, `unable to use volume ${volid} - content type needs to be '${type}'`);
  }
  const path = `/storage/${parts.storage}`;
  if (may(context, path, ['Datastore.Allocate'])) return;
  const owner = ownerOf(volid);
  if (['iso', 'vztmpl', 'import'].includes(kind)) {
    require403(context, path, ['Datastore.AllocateSpace', 'Datastore.Audit'], true);
  } else if (owner !== undefined && owner === vmid) {
    // The guest's own.
  } else if (kind === 'backup' && owner !== undefined) {
    require403(context, path, ['Datastore.AllocateSpace']);
    require403(context, `/vms/${owner}`, ['VM.Backup']);
  } else if (kind === 'images' && owner !== undefined) {
    require403(context, path, ['Datastore.Audit']);
    require403(context, `/vms/${owner}`, ['VM.Config.Disk']);
  } else fail(500, `missing privileges to access ${volid}`);
}
