// Why this exists: mistakes in disks, CD drives, the boot order and unused volumes.
import {isObject} from '../../core/json.ts';
import type {Body} from '../../core/model.ts';
import {qemuKey} from '../guest/key-facts.ts';
import {showBytes} from '../guest/quantity.ts';
import {driveFacts, isDriveSlot, volumeOwner} from './drive.ts';
import {placeOfField} from './field-path.ts';
import {quoted} from './quoted.ts';
import type {SpecParts, Tell} from './spec-parts.ts';
import {leavesOf} from './volume.ts';

/** Adds the mistakes of devices. */
export function checkDevices(parts: SpecParts, tell: Tell): void {
  const {body} = parts;
  for (const path of Object.keys(body)) {
    if (body[path] === true && /^disks\.[^.]+$/.test(path)) checkDisk(parts, path, tell);
    if (body[path] === true && /^cdroms\.[^.]+$/.test(path)) checkCdrom(parts, path, tell);
    if (path.startsWith('unused.') && body[path] !== null) {
      const detail = `${path} is a detached volume; it can stay or be deleted.`;
      tell('vm-unused', path, {detail, remedy: 'Write null to delete it, or leave it out.'});
    }
  }
  checkSlots(body, tell);
  checkCloudInitDrive(body, tell);
  checkBoot(body, tell);
  const template = body['config.template'];
  if (template === true && body['power'] === 'running') {
    const detail = 'config.template is true and power is running.';
    tell('vm-template-running', 'config.template', {detail, remedy: 'Take one of them out.'});
  }
}

function checkDisk({body, vmid, creation}: SpecParts, path: string, tell: Tell): void {
  const slot = path.slice('disks.'.length);
  const {file, storage, size, ...options} = leavesOf(path, body);
  const {imports} = creation;
  const imported = isObject(imports) && imports[slot] !== undefined;
  if (typeof size === 'number' && (size === 0 || size % 1024 !== 0)) {
    const code = size === 0 ? 'vm-disk-size-zero' : 'vm-disk-size-not-whole';
    tell(code, `${path}.size`, {
      detail: `${slot} has ${showBytes(size)}.`,
      remedy: 'Write whole GiB.',
    });
  }
  if (typeof file === 'string') checkFile(path, file, vmid, tell);
  checkImport(path, isObject(imports) ? imports[slot] : undefined, vmid, tell);
  if (typeof file === 'string' && (storage !== undefined || imported)) {
    const detail = `${slot} names file and ${imported ? 'import-from' : 'storage'}.`;
    tell('vm-disk-file-and-storage', `${path}.file`, {detail, remedy: 'Keep one of them.'});
  }
  if (imported && typeof storage !== 'string') {
    const detail = `${slot} is imported, but to where?`;
    tell('vm-disk-import-storage', path, {detail, remedy: 'Write storage.'});
  }
  checkLimits(path, options, tell);
  checkBus(path, slot, body, tell);
}

function checkFile(path: string, file: string, vmid: number, tell: Tell): void {
  if (file.startsWith('/')) {
    const detail = `${quoted(file)} is a path of the host.`;
    tell('vm-absolute-path', `${path}.file`, {detail, remedy: 'Name a volume of a storage.'});
    return;
  }
  const owner = volumeOwner(file);
  if (owner === null || owner === vmid) return;
  const detail = `${file} carries VMID ${owner}; Proxmox would attach it to both.`;
  const remedy = 'Name a volume of this guest.';
  tell('vm-foreign-volume', `${path}.file`, {detail, remedy});
}

/** The base volume of a template may be copied by anybody, as the template may be cloned. */
function checkImport(path: string, from: unknown, vmid: number, tell: Tell): void {
  const owner = typeof from === 'string' ? volumeOwner(from) : null;
  if (owner === null || owner === vmid) return;
  if (new RegExp(`[:/]base-${owner}-[^/]*$`).test(String(from))) return;
  const detail = `${String(from)} carries VMID ${owner}; Proxmox would copy it.`;
  const remedy = 'Import an image, or the base volume of a template.';
  tell('vm-foreign-volume', `${path}.import-from`, {detail, remedy});
}

function checkLimits(path: string, options: {readonly [leaf: string]: unknown}, tell: Tell): void {
  for (const name of ['mbps', 'mbps_max', 'iops', 'iops_max']) {
    const [stem = '', burst] = name.split('_');
    const parts = ['rd', 'wr'].map((way) => [stem, way, burst].filter(Boolean).join('_'));
    const other = parts.find((part) => typeof options[part] === 'number');
    if (typeof options[name] !== 'number' || other === undefined) continue;
    const detail = `${path} sets ${name} and ${other}.`;
    const remedy = `Keep ${name}, or ${parts.join(' and ')}.`;
    tell('vm-disk-limits-mixed', `${path}.${name}`, {detail, remedy});
  }
}

function checkBus(path: string, slot: string, body: Body, tell: Tell): void {
  const facts = driveFacts(slot);
  for (const field of Object.keys(body)) {
    if (!field.startsWith(`${path}.`) || body[field] === null) continue;
    const {sub} = placeOfField(field);
    if (sub === null || facts.properties?.[sub] !== undefined) continue;
    const bus = slot.replace(/\d+$/, '');
    const detail = `${bus} disks have no ${sub}.`;
    tell('vm-disk-part-bus', field, {detail, remedy: 'Delete it, or use a scsi slot.'});
  }
}

function checkCdrom({body, vmid}: SpecParts, path: string, tell: Tell): void {
  const slot = path.slice('cdroms.'.length);
  if (qemuKey(slot)?.family === 'virtioN') {
    const remedy = 'Use an ide, sata or scsi slot.';
    tell('vm-cdrom-bus', path, {detail: `${slot} cannot be a CD drive.`, remedy});
  }
  const file = body[`${path}.file`];
  if (typeof file === 'string') checkFile(path, file, vmid, tell);
}

/** A slot that is a disk cannot be a CD drive too; one that leaves may be named twice. */
function checkSlots(body: Body, tell: Tell): void {
  const users = new Map<string, string>();
  const names = Object.keys(body).filter((path) => /^(disks|cdroms)\.[^.]+$/.test(path));
  const wanted: (readonly [string, string])[] = names
    .filter((path) => body[path] === true)
    .map((path) => [path.slice(path.indexOf('.') + 1), path]);
  const drive = body['cloudInit.drive.slot'];
  if (typeof drive === 'string') wanted.push([drive, 'cloudInit.drive.slot']);
  for (const [slot, path] of wanted) {
    const other = users.get(slot);
    users.set(slot, path);
    if (other === undefined) continue;
    const detail = `${slot} is used by ${other} and by ${path}.`;
    tell('vm-slot-twice', path, {detail, remedy: 'Give one of them another slot.'});
  }
}

function checkCloudInitDrive(body: Body, tell: Tell): void {
  if (body['cloudInit.drive'] !== true) return;
  const slot = body['cloudInit.drive.slot'];
  const storage = body['cloudInit.drive.storage'];
  const known = typeof slot === 'string' && isDriveSlot(slot);
  if (known && typeof storage === 'string') return;
  const detail = known ? 'It says no storage.' : `Its slot is ${quoted(slot ?? null)}.`;
  const remedy = 'Write drive: {slot: ide2, storage: local-lvm}.';
  tell('vm-cloud-init-drive', 'cloudInit.drive', {detail, remedy});
}

function checkBoot(body: Body, tell: Tell): void {
  const order = body['boot.order'];
  for (const device of Array.isArray(order) ? order : []) {
    const bootable = isDriveSlot(device) || /^(net|usb|hostpci)\d+$/.test(device);
    if (!bootable || qemuKey(device) === null) {
      const detail = `${quoted(device)} is no disk, CD drive, card, USB or PCI device.`;
      tell('vm-boot-unknown', 'boot.order', {detail, remedy: 'Write a slot such as scsi0.'});
      continue;
    }
    const slots = [`disks.${device}`, `cdroms.${device}`, `networks.${device}`, `config.${device}`];
    const gone = slots.find((path) => body[path] === null);
    if (gone === undefined || slots.some((path) => body[path] === true)) continue;
    const detail = `${device} is to be absent (${gone} is null).`;
    tell('vm-boot-device', 'boot.order', {detail, remedy: 'Take it out of the order.'});
  }
}
