// Why this exists: what a guest wants for itself alone (its VMID, addresses, MACs, volumes), and
// what it only uses (node, storages, bridges, pool), for checks of uniqueness and scope.
import {isObject, type JsonObject} from '../../core/json.ts';
import type {Body, Claim, FieldValue} from '../../core/model.ts';
import {storageOf} from './drive.ts';

/** The claims of a virtual machine. */
export function claimsOf(vmid: number, body: Body, creation: JsonObject): readonly Claim[] {
  const claims: Claim[] = [{space: 'vmid', value: String(vmid), exclusive: true, path: 'vmid'}];
  for (const [path, value] of Object.entries(body)) {
    const device = deviceOf(path, value);
    if (device !== null) claims.push(used('device', device, path));
    if (typeof value !== 'string') continue;
    const claim = claimOf(path, value);
    if (claim) claims.push(claim);
    const storage = storageIn(path, value);
    if (storage !== null) claims.push(used('storage', storage, path));
  }
  for (const key of devicesOf(body)) {
    claims.push({space: 'device', value: key, exclusive: false, path: `config.${key}`});
  }
  const {clone, imports} = creation;
  for (const [slot, file] of Object.entries(isObject(imports) ? imports : {})) {
    const from = typeof file === 'string' ? storageOf(file) : null;
    if (from !== null) claims.push(used('storage', from, `disks.${slot}.import-from`));
  }
  const storage = isObject(clone) ? clone['storage'] : undefined;
  if (typeof storage === 'string') claims.push(used('storage', storage, 'clone.storage'));
  return claims;
}

/** Devices of the host that a guest is given: a source's scope says whether it may. */
function deviceOf(path: string, value: FieldValue): string | null {
  const [, key] = /^config\.((?:hostpci|usb|parallel|virtiofs)\d+)$/.exec(path) ?? [];
  if (key !== undefined) return value === null ? null : key;
  const serial = /^config\.(serial\d+)$/.exec(path);
  return serial && typeof value === 'string' && value.startsWith('/') ? value : null;
}

/** Keys that give a device or a directory of the host to the guest. */
function devicesOf(body: Body): readonly string[] {
  const found = Object.entries(body).flatMap(([path, value]) => {
    const key = /^config\.((?:hostpci|usb|serial|parallel|virtiofs)\d+)(?:\.|$)/.exec(path)?.[1];
    const harmless = value === null || value === 'socket' || /^spice$/i.test(String(value));
    return key === undefined || harmless || path.endsWith('.usb3') ? [] : [key];
  });
  return [...new Set(found)];
}

function claimOf(path: string, value: string): Claim | null {
  const leaf = path.slice(path.lastIndexOf('.') + 1);
  if (path === 'name') return {space: 'name', value, exclusive: false, path};
  if (path === 'node') return used('node', value, path);
  if (path === 'pool') return used('pool', value, path);
  if (leaf === 'storage') return used('storage', value, path);
  if (path.startsWith('networks.')) {
    if (leaf === 'bridge') return used('bridge', value, path);
    return leaf === 'mac' ? {space: 'mac', value, exclusive: true, path} : null;
  }
  if (path.startsWith('cloudInit.ipConfig.') && (leaf === 'ip' || leaf === 'ip6')) {
    const [address = ''] = value.split('/');
    if (value === 'dhcp' || value === 'auto') return null;
    return {space: 'address', value: address, exclusive: true, path};
  }
  if (path.startsWith('disks.') && leaf === 'file') {
    return {space: 'volume', value, exclusive: true, path};
  }
  return null;
}

/** The storage of a volume that is named whole: a medium, a disk, a snippet; or by itself. */
function storageIn(path: string, value: string): string | null {
  if (path === 'config.vmstatestorage') return value;
  const names = /^(disks|cdroms)\.[^.]+\.file$|^cloudInit\.custom\./.test(path);
  return names ? storageOf(value) : null;
}

function used(space: Claim['space'], value: string, path: string): Claim {
  return {space, value, exclusive: false, path};
}
