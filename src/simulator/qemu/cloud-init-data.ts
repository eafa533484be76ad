// Why this exists: the texts that a cloud-init image is made of, as GET cloudinit/dump shows them;
// which network format there is depends on the type, and that on the operating system
// (PVE/QemuServer/Cloudinit.pm).
import {createHash} from 'node:crypto';
import type {QemuGuest} from '../state.ts';
import {isNetKey} from './keys.ts';
import {isWindows} from './normalise.ts';
import {parseProperties} from './property-string.ts';

/** The node's own server (GET dns), which guests without one get. */
const nodeDns = '10.255.255.53';

type Section = ReadonlyMap<string, string>;

/** The text of GET cloudinit/dump for `user`, `network` or `meta`. */
export function dumpData(guest: QemuGuest, type: string, maskPassword: boolean): string {
  const section = guest.config;
  if (type === 'user') return userData(guest.vmid, section, maskPassword);
  const isPlain = formatOf(section) === 'nocloud';
  const network = isPlain ? networkVersion1(section) : networkInterfaces(section);
  if (type === 'network') return network;
  const user = userData(guest.vmid, section, false);
  const id = createHash('sha1').update(`${user}${network}`).digest('hex');
  if (isPlain) return `instance-id: ${id}\n`;
  const config = '"network_config": { "content_path": "/content/0000" }';
  return `{\n     "uuid": "${id}",\n     ${config}\n}\n`;
}

function formatOf(section: Section): string {
  const isOwn = isWindows(section.get('ostype'));
  return section.get('citype') ?? (isOwn ? 'configdrive2' : 'nocloud');
}

function userData(vmid: number, section: Section, maskPassword: boolean): string {
  const name = section.get('name') ?? `VM${vmid}`;
  const domain = section.get('searchdomain');
  const fqdn = name.includes('.') || domain === undefined ? name : `${name}.${domain}`;
  const user = section.get('ciuser');
  const password = section.get('cipassword');
  const keys = decodeURIComponent(section.get('sshkeys') ?? '')
    .split('\n')
    .filter((key) => key.trim() !== '');
  const lines = ['#cloud-config', `hostname: ${name.split('.')[0]}`, 'manage_etc_hosts: true'];
  lines.push(`fqdn: ${fqdn}`);
  if (user !== undefined) lines.push(`user: ${user}`);
  if (user === 'root') lines.push('disable_root: False');
  if (password !== undefined) lines.push(`password: ${maskPassword ? '**********' : password}`);
  if (section.has('sshkeys')) {
    lines.push('ssh_authorized_keys:', ...keys.map((key) => `  - ${key}`));
  }
  lines.push('chpasswd:', '  expire: False');
  if (user !== 'root') lines.push('users:', '  - default');
  if (section.get('ciupgrade') !== '0') lines.push('package_upgrade: true');
  return `${lines.join('\n')}\n`;
}

/** One card that has an address configuration. */
interface Card {
  readonly index: string;
  readonly mac: string;
  readonly ip: ReadonlyMap<string, string>;
}

function cardsOf(section: Section): readonly Card[] {
  return [...section.keys()]
    .filter((key) => isNetKey(key) && section.has(`ipconfig${key.slice(3)}`))
    .sort()
    .map((key) => ({
      index: key.slice(3),
      mac: (parseProperties(key, section.get(key) ?? '').get('macaddr') ?? '').toLowerCase(),
      ip: addresses(section.get(`ipconfig${key.slice(3)}`) ?? ''),
    }));
}

/** What is contradictory counts as nothing, and nothing at all as DHCP. */
function addresses(text: string): ReadonlyMap<string, string> {
  const ip = parseProperties('ipconfig0', text);
  const isWrong =
    (ip.has('gw') && (!ip.has('ip') || ip.get('ip') === 'dhcp')) ||
    (ip.has('gw6') && !/^[0-9a-f:.]+(\/\d+)?$/i.test(ip.get('ip6') ?? ''));
  if (isWrong) return new Map();
  const isEmpty = !ip.has('ip') && !ip.has('ip6');
  return isEmpty
    ? new Map([
        ['ip', 'dhcp'],
        ['ip6', 'dhcp'],
      ])
    : ip;
}

/** Network configuration version 1, as the nocloud type has it. */
function networkVersion1(section: Section): string {
  const lines = ['version: 1', 'config:'];
  for (const {index, mac, ip} of cardsOf(section)) {
    lines.push('    - type: physical', `      name: eth${index}`);
    lines.push(`      mac_address: '${mac}'`, '      subnets:', ...subnets(ip));
  }
  const servers = words(section.get('nameserver') ?? nodeDns);
  const domains = words(section.get('searchdomain'));
  lines.push('    - type: nameserver');
  if (servers.length > 0) lines.push('      address:', ...servers.map(quoted));
  if (domains.length > 0) lines.push('      search:', ...domains.map(quoted));
  return `${lines.join('\n')}\n`;
}

function subnets(properties: ReadonlyMap<string, string>): readonly string[] {
  const lines: string[] = [];
  const ip = properties.get('ip');
  const ip6 = properties.get('ip6');
  const gateway = (key: string): void => {
    const address = properties.get(key);
    if (address !== undefined) lines.push(`        gateway: '${address}'`);
  };
  if (ip === 'dhcp') lines.push('      - type: dhcp4');
  else if (ip !== undefined) {
    const [address = '', prefix = '32'] = ip.split('/');
    lines.push('      - type: static', `        address: '${address}'`);
    lines.push(`        netmask: '${netmask(Number(prefix))}'`);
    gateway('gw');
  }
  if (ip6 === 'dhcp') lines.push('      - type: dhcp6');
  else if (ip6 === 'auto') lines.push('      - type: ipv6_slaac');
  else if (ip6 !== undefined) {
    lines.push('      - type: static6', `        address: '${ip6}'`);
    gateway('gw6');
  }
  return lines;
}

/** The file `interfaces`, as a configuration drive has it. */
function networkInterfaces(section: Section): string {
  const lines = ['auto lo', 'iface lo inet loopback', ''];
  const servers = words(section.get('nameserver') ?? nodeDns);
  const domains = words(section.get('searchdomain'));
  if (servers.length > 0) lines.push(`        dns_nameservers ${servers.join(' ')}`);
  if (domains.length > 0) lines.push(`        dns_search ${domains.join(' ')}`);
  for (const {index, ip} of cardsOf(section)) {
    const name = `eth${index}`;
    lines.push(`auto ${name}`, ...family(name, ip, 'ip'), ...family(name, ip, 'ip6'));
  }
  return `${lines.join('\n')}\n`;
}

function family(name: string, ip: ReadonlyMap<string, string>, key: 'ip' | 'ip6'): string[] {
  const address = ip.get(key);
  const inet = key === 'ip' ? 'inet' : 'inet6';
  if (address === undefined) return [];
  if (address === 'dhcp' || address === 'auto') return [`iface ${name} ${inet} ${address}`];
  const [host = '', prefix = '32'] = address.split('/');
  const mask = key === 'ip' ? netmask(Number(prefix)) : prefix;
  const gateway = ip.get(key === 'ip' ? 'gw' : 'gw6');
  return [
    `iface ${name} ${inet} static`,
    `        address ${host}`,
    `        netmask ${mask}`,
    ...(gateway === undefined ? [] : [`        gateway ${gateway}`]),
  ];
}

function netmask(prefix: number): string {
  const bits = prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0;
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}

function quoted(word: string): string {
  return `      - '${word}'`;
}
