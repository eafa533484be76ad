// Why this exists: the cloud-init image is made from the configuration at certain moments; between
// them GET cloudinit shows what the image does not know yet (facts.md section 9).
import {createHash} from 'node:crypto';
import type {QemuGuest} from '../state.ts';
import {recordEffect} from '../state.ts';
import {findVolume} from '../volume.ts';
import {cloudInitKey, parseDrive} from './drive.ts';
import {feedsCloudInit, isCloudInitKey} from './keys.ts';
import type {PendingEntry} from './pending.ts';
import {parseProperties} from './property-string.ts';
import type {Job} from './volumes.ts';

/** Make the image from the current section; says so in the task's log. False without a drive. */
export function regenerate(job: Job, guest: QemuGuest): boolean {
  const key = cloudInitKey(guest.config);
  if (key === undefined) return false;
  const {file} = parseDrive(key, guest.config.get(key) ?? '');
  if (findVolume(job.cluster, job.node, file) === undefined) return false;
  job.log('generating cloud-init ISO');
  guest.cloudInit = new Map([...guest.config].filter(([name]) => feedsCloudInit(name)));
  guest.cloudInitDrift.clear();
  recordEffect(job.cluster, 'cloud-init', guest.vmid, file);
  return true;
}

/** Note a change of a running guest's key that its image does not know; undone changes vanish. */
export function noteDrift(
  guest: QemuGuest,
  key: string,
  change: {readonly from: string | undefined; readonly to: string | undefined},
): void {
  if (!feedsCloudInit(key) || change.from === change.to) return;
  if (cloudInitKey(guest.config) === undefined) return;
  const inImage = guest.cloudInitDrift.get(key);
  if (inImage === undefined) guest.cloudInitDrift.set(key, change.from ?? null);
  else if (inImage === (change.to ?? null)) guest.cloudInitDrift.delete(key);
}

/** The entries of GET cloudinit. */
export function cloudInitView(guest: QemuGuest): readonly PendingEntry[] {
  const entries: PendingEntry[] = [];
  const shown = (key: string, value: string): string =>
    key === 'cipassword' ? '**********' : value;
  for (const [key, old] of guest.cloudInitDrift) {
    const now = guest.config.get(key);
    if (now === undefined) entries.push({key, delete: 1});
    else if (old === null) entries.push({key, pending: shown(key, now)});
    else entries.push({key, value: shown(key, old), pending: shown(key, now)});
  }
  for (const [key, value] of guest.config) {
    const isPlain = isCloudInitKey(key) && !guest.cloudInitDrift.has(key);
    if (isPlain && value !== '' && value !== '0') entries.push({key, value: shown(key, value)});
  }
  return entries;
}

/** The text of GET cloudinit/dump for `user`, `network` or `meta`. */
export function dump(guest: QemuGuest, type: string, maskPassword: boolean): string {
  const section = guest.config;
  const user = userData(guest.vmid, section, maskPassword);
  const network = networkData(section);
  if (type === 'user') return user;
  if (type === 'network') return network;
  const id = createHash('sha1').update(`${user}${network}`).digest('hex');
  return `instance-id: ${id}\n`;
}

function userData(
  vmid: number,
  section: ReadonlyMap<string, string>,
  maskPassword: boolean,
): string {
  const name = section.get('name') ?? `VM${vmid}`;
  const host = name.split('.')[0] ?? name;
  const domain = (section.get('searchdomain') ?? '').split(/\s+/)[0] ?? '';
  const fqdn = name.includes('.') || domain === '' ? name : `${host}.${domain}`;
  const user = section.get('ciuser');
  const password = section.get('cipassword');
  const keys = decodeURIComponent(section.get('sshkeys') ?? '')
    .split('\n')
    .map((key) => key.trim())
    .filter((key) => key !== '');
  const lines = ['#cloud-config', `hostname: ${host}`, 'manage_etc_hosts: true', `fqdn: ${fqdn}`];
  if (user !== undefined) lines.push(`user: ${user}`);
  if (user === 'root') lines.push('disable_root: False');
  if (password !== undefined) lines.push(`password: ${maskPassword ? '**********' : password}`);
  if (keys.length > 0) lines.push('ssh_authorized_keys:', ...keys.map((key) => `  - ${key}`));
  lines.push('chpasswd:', '  expire: False');
  if (user !== 'root') lines.push('users:', '  - default');
  if (section.get('ciupgrade') !== '0') lines.push('package_upgrade: true');
  return `${lines.join('\n')}\n`;
}

/** Network configuration version 1, as the nocloud type has it. */
function networkData(section: ReadonlyMap<string, string>): string {
  const lines = ['version: 1', 'config:'];
  for (let index = 0; index < 32; index += 1) {
    const net = section.get(`net${index}`);
    if (net === undefined) continue;
    const mac = parseProperties(`net${index}`, net).get('macaddr') ?? '';
    lines.push('    - type: physical', `      name: eth${index}`);
    lines.push(`      mac_address: '${mac.toLowerCase()}'`, '      subnets:');
    lines.push(...subnets(section.get(`ipconfig${index}`) ?? ''));
  }
  const servers = words(section.get('nameserver'));
  const domains = words(section.get('searchdomain'));
  if (servers.length + domains.length > 0) {
    lines.push('    - type: nameserver');
    if (servers.length > 0) lines.push('      address:', ...servers.map(quoted));
    if (domains.length > 0) lines.push('      search:', ...domains.map(quoted));
  }
  return `${lines.join('\n')}\n`;
}

function subnets(ipconfig: string): readonly string[] {
  const properties = parseProperties('ipconfig0', ipconfig);
  const lines: string[] = [];
  const ip = properties.get('ip');
  const ip6 = properties.get('ip6');
  if (ip === 'dhcp') lines.push('      - type: dhcp4');
  else if (ip !== undefined) {
    const [address = '', prefix = '32'] = ip.split('/');
    lines.push('      - type: static', `        address: '${address}'`);
    lines.push(`        netmask: '${netmask(Number(prefix))}'`);
    const gateway = properties.get('gw');
    if (gateway !== undefined) lines.push(`        gateway: '${gateway}'`);
  }
  if (ip6 === 'dhcp') lines.push('      - type: dhcp6');
  else if (ip6 === 'auto') lines.push('      - type: ipv6_slaac');
  else if (ip6 !== undefined) {
    lines.push('      - type: static6', `        address: '${ip6}'`);
    const gateway = properties.get('gw6');
    if (gateway !== undefined) lines.push(`        gateway: '${gateway}'`);
  }
  return lines;
}

function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,;]+/).filter((word) => word !== '');
}

function quoted(word: string): string {
  return `      - '${word}'`;
}
