// Why this exists: Proxmox opens every drive of a guest before it starts it, so an ISO image that
// was deleted, or a storage that is gone, leaves a guest that was stopped for a cycle down.
// Source: vm_start_nolock (activate_volumes) and apply_cloudinit_config in qemu-server e6352be.
import type {Grant, Need} from '../../core/kind.ts';
import type {Inventory} from '../../core/model.ts';
import {encodePart} from '../../core/read-path.ts';
import {listingOf} from '../guest/listing.ts';
import type {LiveConfig} from '../guest/live-config.ts';
import {cloudInitDrive, type Drive, drivesOf, readDrive, storageOf, volumeOwner} from './drive.ts';
import {ask, type Look, unlessHidden} from './look.ts';
import {isShared} from './transfer.ts';

/** Which guest starts where. */
export interface StartPlace {
  readonly node: string;
  readonly vmid: number;
  /** Where it comes from, if it was moved: what only that node has is brought along. */
  readonly from?: string;
  readonly inventory: Inventory;
}

/** One file that is opened. */
interface NeededFile {
  /** `ide2`, `cicustom`. */
  readonly key: string;
  readonly file: string;
  readonly storage: string;
  readonly content: 'iso' | 'images' | 'snippets';
  /** Made anew where it is missing: only its storage is needed. */
  readonly isRemade: boolean;
}

/** What keeps the files of a configuration from being opened on a node. */
export function fileLooks(config: LiveConfig, place: StartPlace): readonly Look[] {
  return neededFiles(config, place)
    .filter(({storage}) => !comesAlong(storage, place))
    .flatMap((file) => fileLook(file, place));
}

/** A start tells of these with as many words. */
const GONE = /does not exist|is disabled|is not available on node|is not online/;

function fileLook(needed: NeededFile, {node, vmid, inventory}: StartPlace): readonly Look[] {
  const {key, file, storage, content} = needed;
  const owner = content === 'images' ? `&vmid=${vmid}` : '';
  const base = `/nodes/${encodePart(node)}/storage/${encodePart(storage)}/content`;
  const answer = ask(`${base}?content=${content}${owner}`, inventory);
  if (answer.kind === 'unread') return [answer];
  if (answer.kind === 'refused') {
    const {status, message} = answer.error;
    if (status === 500 && GONE.test(message)) {
      return [{kind: 'missing', detail: `${key} needs storage ${storage}: ${message}`}];
    }
    return untold(needed, `: ${message}`);
  }
  if (!Array.isArray(answer.data)) return untold(needed, '');
  const volumes = answer.data.map((entry) => Object(entry)['volid']);
  if (needed.isRemade || volumes.some((volid) => isSame(String(volid), file))) return [];
  const detail = `${key} holds ${file}, which is not there`;
  return unlessHidden(detail, seenWith(needed, vmid), inventory).filter(
    // What a running guest has open is there, unless it is shown not to be.
    ({kind}) => kind !== 'untold',
  );
}

/** Media are taken away by people; whether they are there has to be told. */
function untold({key, file, storage, content}: NeededFile, why: string): readonly Look[] {
  if (content !== 'iso') return [];
  const detail = `whether ${file} (${key}) is there cannot be told${why}`;
  return [{kind: 'untold', detail: `${detail}; the token needs Datastore.Audit on ${storage}`}];
}

/** Without these a list leaves the volume out (check_volume_access in pve-storage). */
function seenWith({storage, content}: NeededFile, vmid: number): readonly Need[] {
  const on = (privilege: string): Grant => ({path: `/storage/${storage}`, privilege});
  const own: Grant = {path: `/vms/${vmid}`, privilege: 'VM.Config.Disk'};
  switch (content) {
    case 'iso':
      return [];
    case 'snippets':
      return [{anyOf: [on('Datastore.Allocate')]}];
    case 'images':
      return [
        {anyOf: [on('Datastore.Audit'), on('Datastore.Allocate')]},
        {anyOf: [own, on('Datastore.Allocate')]},
      ];
  }
}

/** A linked clone is listed with or without its base. */
function isSame(listed: string, file: string): boolean {
  return storageOf(listed) === storageOf(file) && lastPart(listed) === lastPart(file);
}

function lastPart(file: string): string {
  return file.slice(Math.max(file.indexOf(':'), file.lastIndexOf('/')) + 1);
}

function comesAlong(storage: string, {from, node, inventory}: StartPlace): boolean {
  const answer = listingOf(inventory);
  if (from === undefined || from === node || answer.kind !== 'listing') return false;
  return !isShared(storage, from, answer.listing);
}

function neededFiles(config: LiveConfig, {vmid}: StartPlace): readonly NeededFile[] {
  const state = ['efidisk0', 'tpmstate0'].flatMap((slot) => {
    const text = config.get(slot);
    return text === undefined ? [] : [readDrive(slot, text)];
  });
  const drives = [...drivesOf(config), ...state].flatMap((drive) => neededOf(drive, vmid));
  return [...drives, ...snippetsOf(config)];
}

function neededOf(drive: Drive, vmid: number): readonly NeededFile[] {
  const {slot, kind, file, storage, parts} = drive;
  // What is made by the action itself has no name yet.
  if (storage === null || parts.has('import-from') || /^[^:]+:[\d.]+$/.test(file)) return [];
  const needed = {key: slot, file, storage, isRemade: kind === 'cloud-init'};
  if (/^[^:]+:iso\//.test(file)) return [{...needed, content: 'iso'}];
  // A volume of another guest is that guest's own matter.
  return needed.isRemade || volumeOwner(file) === vmid ? [{...needed, content: 'images'}] : [];
}

/** Scripts and cloud-init's own files are read at each start. */
function snippetsOf(config: LiveConfig): readonly NeededFile[] {
  const custom = cloudInitDrive(config) === null ? '' : (config.get('cicustom') ?? '');
  const files = [
    ...custom.split(',').map((part) => ['cicustom', part.slice(part.indexOf('=') + 1)] as const),
    ['hookscript', config.get('hookscript') ?? ''] as const,
  ];
  return files.flatMap(([key, file]): readonly NeededFile[] => {
    const storage = storageOf(file);
    return storage === null ? [] : [{key, file, storage, content: 'snippets', isRemade: false}];
  });
}
