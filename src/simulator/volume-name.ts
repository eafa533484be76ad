// Why this exists: each type of storage reads a volume's name in its own way (parse_volname in
// PVE/Storage/*Plugin.pm); what a name cannot say is refused with that plugin's text.
import {fail} from './failure.ts';
import type {StorageDefinition} from './state.ts';

/** What a volume's name says, without looking at the storage. */
export interface VolumeName {
  /** The content type; plugins do not tell a container's volumes from images. */
  readonly content: string;
  /** The last part: the file, logical volume, data set. */
  readonly file: string;
  /** The guest that owns it; undefined for files without owner. */
  readonly vmid: number | undefined;
  readonly isBase: boolean;
  /** How it is measured: `raw` for everything that is no image. */
  readonly format: string;
}

const plain = {vmid: undefined, isBase: false, format: 'raw'};

/** Read the part of a volume id after the storage; 500 when the plugin cannot. */
export function readVolumeName(storage: StorageDefinition, name: string): VolumeName {
  switch (storage.type) {
    case 'lvm':
      return logical(name, /^(vm)-(\d+)-\S+$/);
    case 'lvmthin':
      return logical(name, /^(vm|base)-(\d+)-\S+$/);
    case 'zfspool':
    case 'zfs':
      return dataSet(name);
    case 'rbd':
      return blockDevice(name);
    case 'pbs':
      return snapshot(name);
    case 'iscsi':
    case 'iscsidirect':
      return lun(storage.type, name);
    default:
      return file(name);
  }
}

function logical(name: string, shape: RegExp): VolumeName {
  if (!/^[a-z0-9][a-z0-9\-_.]*[a-z0-9]$/i.test(name)) {
    fail(500, `lvm name '${name}' contains illegal characters`);
  }
  const match = shape.exec(name) ?? fail(500, `unable to parse lvm volume name '${name}'`);
  return image(name, Number(match[2]), match[1] === 'base', 'raw');
}

function dataSet(name: string): VolumeName {
  const match =
    /^(?:(?:base|basevol)-\d+-\S+\/)?((base|basevol|vm|subvol)-(\d+)-\S+)$/.exec(name) ??
    fail(500, `unable to parse zfs volume name '${name}'`);
  const [, last = '', kind = '', vmid] = match;
  const format = kind.endsWith('vol') ? 'subvol' : 'raw';
  return image(last, Number(vmid), kind.startsWith('base'), format);
}

function blockDevice(name: string): VolumeName {
  const match =
    /^(?:base-\d+-\S+\/)?((base|vm)-(\d+)-\S+)$/.exec(name) ??
    fail(500, `unable to parse rbd volume name '${name}'`);
  return image(match[1] ?? '', Number(match[3]), match[2] === 'base', 'raw');
}

function snapshot(name: string): VolumeName {
  const match =
    /^backup\/(([^\s_]+)\/([^\s_]+)\/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/.exec(name) ??
    fail(500, `unable to parse PBS volume name '${name}'`);
  const [, last = '', kind, id = ''] = match;
  const vmid = /^\d+$/.test(id) ? Number(id) : undefined;
  return {content: 'backup', file: last, vmid, isBase: false, format: `pbs-${kind}`};
}

function lun(type: string, name: string): VolumeName {
  const shape = type === 'iscsi' ? /^\d+\.\d+\.\d+\.([^/\s]+)$/ : /^lun(\d+)$/;
  const match = shape.exec(name) ?? fail(500, `unable to parse iscsi volume name '${name}'`);
  return {...plain, content: 'images', file: match[1] ?? ''};
}

const withoutOwner: readonly (readonly [string, RegExp])[] = [
  ['iso', /^iso\/([^/]+\.(?:iso|img))$/i],
  ['vztmpl', /^vztmpl\/([^/]+\.tar\.(?:gz|xz|zst|bz2))$/i],
  ['snippets', /^snippets\/([^/]+)$/],
];

const safe = '[ a-zA-Z0-9\\-.+=_]';
const packed = new RegExp(`^import/(${safe}+\\.ova/${safe}+\\.(qcow2|raw|vmdk))$`);
const importable = new RegExp(`^import/(${safe}+\\.(ova|ovf|qcow2|raw|vmdk))$`);
const archive = /^backup\/([^/]+\.(?:tgz|(?:tar|vma)(?:\.(?:gz|lzo|zst|bz2))?))$/;

function file(name: string): VolumeName {
  const linked = /^\d+\/(\S+)\/(\d+)\/(\S+)$/.exec(name);
  if (linked !== null) {
    imageFile(linked[1] ?? '');
  }
  const owned = linked ?? /^()(\d+)\/(\S+)$/.exec(name);
  if (owned !== null) {
    const {format, isBase} = imageFile(owned[3] ?? '');
    return image(owned[3] ?? '', Number(owned[2]), isBase, format);
  }
  for (const [content, shape] of withoutOwner) {
    const found = shape.exec(name)?.[1];
    if (found !== undefined) return {...plain, content, file: found};
  }
  const root = /^rootdir\/(\d+)$/.exec(name)?.[1];
  if (root !== undefined) {
    return {...plain, content: 'rootdir', file: root, vmid: Number(root)};
  }
  return backupOrImport(name);
}

function backupOrImport(name: string): VolumeName {
  const backup = archive.exec(name)?.[1];
  if (backup !== undefined) {
    const vmid = /^vzdump-(?:openvz|lxc|qemu)-(\d+)-.+/.exec(backup)?.[1];
    const owner = vmid === undefined ? undefined : Number(vmid);
    return {...plain, content: 'backup', file: backup, vmid: owner};
  }
  const [, inside, kind] = packed.exec(name) ?? [];
  if (inside !== undefined) {
    return {...plain, content: 'import', file: inside, format: `ova+${kind}`};
  }
  const [, whole, format = 'raw'] = importable.exec(name) ?? [];
  return whole === undefined
    ? fail(500, `unable to parse directory volume name '${name}'`)
    : {...plain, content: 'import', file: whole, format};
}

/** The format and kind of an image's file name; 500 for what is none. */
export function imageFile(name: string): {readonly format: string; readonly isBase: boolean} {
  const match =
    /^(base-)?[^/\s]+\.(raw|qcow2|vmdk|subvol)$/.exec(name) ??
    fail(500, `unable to parse volume filename '${name}'`);
  return {format: match[2] ?? 'raw', isBase: match[1] !== undefined};
}

function image(last: string, vmid: number, isBase: boolean, format: string): VolumeName {
  return {content: 'images', file: last, vmid, isBase, format};
}
