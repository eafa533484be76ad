// Why this exists: how a guest comes to exist: by clone, from an image, or empty. Create-only.
import {isObject, type JsonObject} from '../../core/json.ts';
import {type Creation, creationJson} from './creation.ts';
import {addMistake, type Mistakes, pointerOf} from './mistakes.ts';
import {quoted} from './quoted.ts';
import {smugglesAsVolume} from './separators.ts';

const METHODS = ['clone', 'image', 'empty'] as const;

/** The create-only instructions of a spec; empty when it says nothing. */
export function readCreation(
  spec: {readonly [key: string]: unknown},
  vmid: number,
  mistakes: Mistakes,
): JsonObject {
  const named = METHODS.filter((method) => spec[method] !== undefined && spec[method] !== null);
  const imports = importsOf(spec, mistakes);
  const [method, second] = named;
  if (second !== undefined) {
    const detail = `${named.join(' and ')} are both written.`;
    const remedy = 'Keep one of them.';
    addMistake(mistakes, 'vm-creation-two', pointerOf(second), {detail, remedy});
    return {};
  }
  if (method === undefined) return Object.keys(imports).length > 0 ? json(null, imports) : {};
  if (method !== 'clone') return json(null, imports);
  return json(readClone(spec['clone'], vmid, mistakes), imports);
}

function json(clone: Creation['clone'], imports: Creation['imports']): JsonObject {
  return creationJson({method: clone === null ? 'empty' : 'clone', clone, imports});
}

function readClone(value: unknown, vmid: number, mistakes: Mistakes): Creation['clone'] {
  const source = isObject(value) ? Number(value['vmid']) : Number.NaN;
  const at = pointerOf('clone');
  if (!isObject(value) || !Number.isSafeInteger(source) || source < 100) {
    const detail = `clone is ${quoted(value)}; expected something like {vmid: 100}.`;
    addMistake(mistakes, 'vm-clone-vmid', at, {detail, remedy: 'Write the template’s VMID.'});
    return null;
  }
  if (source === vmid) {
    const detail = `Both are ${vmid}.`;
    addMistake(mistakes, 'vm-clone-self', at, {detail, remedy: 'Name another guest.'});
  }
  const {full, storage, format, snapname} = value;
  if (full === false && (typeof storage === 'string' || typeof format === 'string')) {
    const detail = 'clone.full is false, and a storage or format is named.';
    const remedy = 'Write full: true, or leave storage and format out.';
    addMistake(mistakes, 'vm-clone-linked-storage', at, {detail, remedy});
  }
  return {
    vmid: source,
    ...(typeof full === 'boolean' ? {full} : {}),
    ...(typeof storage === 'string' ? {storage} : {}),
    ...(typeof format === 'string' ? {format} : {}),
    ...(typeof snapname === 'string' ? {snapname} : {}),
  };
}

/** `image: {file, disk}` and `disks.scsi0.import-from` say the same. */
function importsOf(
  spec: {readonly [key: string]: unknown},
  mistakes: Mistakes,
): {readonly [slot: string]: string} {
  const imports: {[slot: string]: string} = {};
  const {image, disks} = spec;
  if (isObject(image) && typeof image['file'] === 'string') {
    const slot = typeof image['disk'] === 'string' ? image['disk'] : 'scsi0';
    addImport(imports, slot, image['file'], pointerOf('image', 'file'), mistakes);
  }
  if (!isObject(disks)) return imports;
  for (const [slot, disk] of Object.entries(disks)) {
    const from = isObject(disk) ? disk['import-from'] : undefined;
    if (typeof from !== 'string') continue;
    addImport(imports, slot, from, pointerOf('disks', slot, 'import-from'), mistakes);
  }
  return imports;
}

function addImport(
  imports: {[slot: string]: string},
  slot: string,
  file: string,
  pointer: string,
  mistakes: Mistakes,
): void {
  if (file.startsWith('/')) {
    const detail = `${quoted(file)} is a path of the host.`;
    const remedy = 'Name a volume, such as local:import/noble.qcow2.';
    addMistake(mistakes, 'vm-absolute-path', pointer, {detail, remedy});
    return;
  }
  const found = smugglesAsVolume(file);
  if (found !== null) {
    const detail = `The volume is ${quoted(file)}; ${quoted(found)} parts values in Proxmox.`;
    addMistake(mistakes, 'vm-separator', pointer, {
      detail,
      remedy: 'Name one volume, and no more.',
    });
    return;
  }
  imports[slot] = file.trim();
}
