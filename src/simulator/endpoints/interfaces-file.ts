// Why this exists: /etc/network/interfaces as Proxmox writes and reads it: what a call stored is
// what the next one reads back, types following from names and lines (PVE/INotify.pm).
import {fail} from '../failure.ts';
import {splitList} from '../route.ts';
import type {Section} from '../section.ts';
import {checkInterfaces} from './interfaces-rules.ts';

/** Interfaces by name; values are text, lists are joined by blanks. */
export type Interfaces = Map<string, Section>;

/** What the kernel has: ports, and what is up. */
export interface Kernel {
  readonly ports: ReadonlySet<string>;
  readonly up: ReadonlySet<string>;
}

/** Read the file. */
export function readInterfaces(text: string, kernel: Kernel): Interfaces {
  const ifaces = readSections(text.split('\n'));
  for (const [name, section] of ifaces) {
    if (kernel.ports.has(name)) section.set('exists', '1');
    if (kernel.up.has(name)) section.set('active', '1');
  }
  for (const [name, section] of [...ifaces].sort(([left], [right]) => (left < right ? -1 : 1))) {
    section.set('type', typeOf(ifaces, name, kernel));
    complete(section, '');
    complete(section, '6');
    const six = section.get('comments6');
    if (six !== undefined) {
      section.delete('comments6');
      section.set('comments', `${section.get('comments') ?? ''}${six}`);
    }
  }
  return ifaces;
}

const aliases: Readonly<Record<string, string>> = {
  'bond-slaves': 'slaves',
  'bond-xmit-hash-policy': 'bond_xmit_hash_policy',
  'bond-mode': 'bond_mode',
  'bond-miimon': 'bond_miimon',
  'bridge-vlan-aware': 'bridge_vlan_aware',
  'bridge-fd': 'bridge_fd',
  'bridge-stp': 'bridge_stp',
  'bridge-ports': 'bridge_ports',
  'bridge-vids': 'bridge_vids',
};

function sectionOf(ifaces: Interfaces, name: string): Section {
  const known = ifaces.get(name) ?? new Map<string, string>();
  ifaces.set(name, known);
  return known;
}

function readSections(lines: readonly string[]): Interfaces {
  const ifaces: Interfaces = new Map();
  let current: {readonly section: Section; readonly suffix: string} | undefined;
  let priority = 2;
  for (const line of lines) {
    const auto = /^\s*(?:allow-)?auto\s+(.*)$/.exec(line)?.[1];
    const [, name, family = 'inet', method = 'manual'] =
      /^\s*iface\s+(\S+)(?:\s+(inet6?)\s+(\S+))?\s*$/.exec(line) ?? [];
    if (auto !== undefined) {
      for (const one of auto.split(/\s+/)) sectionOf(ifaces, one).set('autostart', '1');
      current = undefined;
    } else if (name !== undefined) {
      const section = sectionOf(ifaces, name);
      if (!section.has('priority')) {
        section.set('priority', String(priority));
        priority += 1;
      }
      append(section, 'families', family, ' ');
      current = {section, suffix: family.slice(4)};
      section.set(`method${current.suffix}`, method);
    } else if (current !== undefined) {
      readLine(current.section, current.suffix, line);
    }
  }
  return ifaces;
}

function append(section: Section, key: string, value: string, separator: string): void {
  const known = section.get(key);
  section.set(key, known === undefined ? value : `${known}${separator}${value}`);
}

function readLine(section: Section, suffix: string, line: string): void {
  const comment = /^\s*#(.*?)\s*$/.exec(line)?.[1];
  const [, key = '', value = ''] = /^\s*(\S+)\s+(.+?)\s*$/.exec(line) ?? [];
  const id = aliases[key] ?? key;
  if (comment !== undefined) {
    append(section, `comments${suffix}`, `${comment}\n`, '');
  } else if (/^(?:address|netmask|broadcast|gateway)$/.test(id)) {
    section.set(`${id}${suffix}`, value);
  } else if (id === 'slaves' || id === 'bridge_ports') {
    const ports = new Set(value.split(/\s+/).filter((port) => port !== 'none'));
    section.set(id, [...ports].sort().join(' '));
  } else if (id === 'bridge_stp') {
    section.set(id, /^(?:on|yes)$/i.test(value) ? 'on' : 'off');
  } else if (id === 'bridge_vlan_aware') {
    section.set(id, '1');
  } else if (id !== '') {
    section.set(id, value);
  }
}

/** The type is never written: it follows from lines and names. */
function typeOf(ifaces: Interfaces, name: string, kernel: Kernel): string {
  const section = sectionOf(ifaces, name);
  const alias = /^(\S+):\d+$/.exec(name)?.[1];
  const [, device, id] = /^(\S+)\.(\d+)$/.exec(name) ?? [];
  if (section.has('bridge_ports')) {
    return 'bridge';
  }
  if (/^bond\d+$/.test(name)) {
    return 'bond';
  }
  if (alias !== undefined) {
    inherit(ifaces, section, alias);
    return 'alias';
  }
  if (device !== undefined && id !== undefined) {
    section.set('vlan-raw-device', section.get('vlan-raw-device') ?? device);
    section.set('vlan-id', id);
  }
  const raw = section.get('vlan-raw-device');
  if (raw !== undefined) {
    const number = /^vlan(\d+)$/.exec(name)?.[1];
    if (number !== undefined && Number(number) > 0) section.set('vlan-id', number);
    inherit(ifaces, section, raw);
    return 'vlan';
  }
  if (kernel.ports.has(name) || /^(?:eth\d+|en[^:.]+|ib[^:.]+|(?:nic|if)\d+)$/.test(name)) {
    return 'eth';
  }
  return name === 'lo' ? 'loopback' : 'unknown';
}

function inherit(ifaces: Interfaces, section: Section, parent: string): void {
  const exists = ifaces.get(parent)?.get('exists');
  section.set('exists', ifaces.has(parent) ? (exists ?? 'null') : '0');
}

function complete(section: Section, suffix: '' | '6'): void {
  const address = section.get(`address${suffix}`);
  const mask = section.get(`netmask${suffix}`);
  if (address !== undefined) {
    const [host = '', bits = mask ?? (suffix === '' ? '32' : '128')] = address.split('/');
    section.set(`cidr${suffix}`, `${host}/${bits}`);
    section.set(`address${suffix}`, host);
    if (address.includes('/')) section.set(`netmask${suffix}`, bits);
  }
  const method = section.get(`method${suffix}`);
  section.set(`method${suffix}`, method ?? 'manual');
}

/** The file's text; 500 for what does not fit together. */
export function writeInterfaces(ifaces: Interfaces): string {
  for (const section of ifaces.values()) {
    for (const suffix of ['', '6']) {
      const cidr = section.get(`cidr${suffix}`);
      section.delete(`cidr${suffix}`);
      if (cidr !== undefined && !section.has(`address${suffix}`)) {
        section.set(`address${suffix}`, cidr);
      }
    }
  }
  checkInterfaces(ifaces);
  const sorted = [...ifaces].sort(([left], [right]) => byPlace(ifaces, left, right));
  return `${header}${sorted.map(([name, section]) => written(name, section)).join('')}`;
}

const header = `# network interface settings; autogenerated
# Please do NOT modify this file directly, unless you know what
# you're doing.
#
# If you want to manage parts of the network configuration manually,
# please utilize the 'source' or 'source-directory' directives to do
# so.
# PVE will preserve these directives, but will NOT read its network
# configuration from sourced files, so do not attempt to move any of
# the PVE managed interfaces into external files!

`;

const places: Readonly<Record<string, number>> = {
  loopback: 100_000,
  eth: 200_000,
  bond: 400_000,
  bridge: 500_000,
  vlan: 600_000,
};

function byPlace(ifaces: Interfaces, left: string, right: string): number {
  const rank = (name: string): number | undefined => {
    const [root = '', ...rest] = name.split(/[.:]/);
    const place = places[ifaces.get(root)?.get('type') ?? ''];
    return place === undefined ? undefined : place + rest.length;
  };
  const [one, two] = [rank(left), rank(right)];
  const isKnown = one !== undefined && two !== undefined;
  const priority = (name: string): number => Number(ifaces.get(name)?.get('priority') ?? 50_000);
  const first = (isKnown ? one : 0) + priority(left);
  const second = (isKnown ? two : 0) + priority(right);
  return first === second ? (left < right ? -1 : 1) : first - second;
}

const handled = new Set(
  (
    'type priority method active exists comments autostart address netmask gateway broadcast ' +
    'method6 families comments6 address6 netmask6 gateway6 broadcast6 uplink-id'
  ).split(' '),
);

function written(name: string, section: Section): string {
  const families = splitList(section.get('families') ?? 'inet');
  const isSixOnly = families.length === 1 && families[0] === 'inet6';
  const comments = section.get('comments');
  if (isSixOnly && comments !== undefined) {
    section.delete('comments');
    section.set('comments6', comments);
  }
  const auto = isTrue(section.get('autostart')) ? `auto ${name}\n` : '';
  const blocks = families.map((family, index) => block(name, section, family, index === 0));
  return `${auto}${blocks.join('')}`;
}

function isTrue(value: string | undefined): value is string {
  return value !== undefined && value !== '' && value !== '0';
}

function block(name: string, section: Section, family: string, isFirst: boolean): string {
  const suffix = family.slice(4);
  const lines = [`iface ${name} ${family} ${section.get(`method${suffix}`) ?? 'manual'}`];
  const address = section.get(`address${suffix}`);
  const netmask = section.get(`netmask${suffix}`);
  const gateway = section.get(`gateway${suffix}`);
  if (isTrue(address)) {
    const bits = address.includes('/') || !isTrue(netmask) ? '' : `/${maskBits(netmask)}`;
    lines.push(`\taddress ${address}${bits}`);
  }
  if (isTrue(gateway)) lines.push(`\tgateway ${gateway}`);
  if (isFirst) lines.push(...ownLines(section));
  for (const line of (section.get(`comments${suffix}`) ?? '').replace(/\n+$/, '').split('\n')) {
    if (line !== '') lines.push(`#${line}`);
  }
  return `${lines.join('\n')}\n\n`;
}

function maskBits(mask: string): string {
  const bytes = mask.split('.').map((byte) => Number(byte).toString(2));
  return mask.includes('.') ? String(bytes.join('').replaceAll('0', '').length) : mask;
}

function ownLines(section: Section): readonly string[] {
  const type = section.get('type');
  const done = new Set(handled);
  const lines: string[] = [];
  if (type === 'bridge') {
    lines.push(...bridgeLines(section));
    for (const key of 'ports stp fd vlan_aware vids'.split(' ')) done.add(`bridge_${key}`);
    done.add('mtu');
  } else if (type === 'bond') {
    lines.push(...bondLines(section));
    for (const key of ['slaves', 'bond_miimon', 'bond_mode', 'bond_xmit_hash_policy', 'mtu']) {
      done.add(key);
    }
    done.add('bond-primary');
  }
  const others = [...section]
    .filter(([key, value]) => !done.has(key) && isTrue(value))
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return [...lines, ...others.map(([key, value]) => `\t${key} ${value}`)];
}

function spaced(list: string | undefined): string {
  return isTrue(list) ? list.replace(/[;,\s]+/g, ' ') : 'none';
}

function mtuLines(section: Section): readonly string[] {
  const mtu = section.get('mtu');
  return isTrue(mtu) ? [`\tmtu ${mtu}`] : [];
}

function bridgeLines(section: Section): readonly string[] {
  const vids = section.get('bridge_vids');
  const aware = section.has('bridge_vlan_aware')
    ? ['\tbridge-vlan-aware yes', `\tbridge-vids ${isTrue(vids) ? vids : '2-4094'}`]
    : [];
  return [
    `\tbridge-ports ${spaced(section.get('bridge_ports'))}`,
    `\tbridge-stp ${section.get('bridge_stp') ?? 'off'}`,
    `\tbridge-fd ${section.get('bridge_fd') ?? '0'}`,
    ...aware,
    ...mtuLines(section),
  ];
}

function bondLines(section: Section): readonly string[] {
  const mode = section.get('bond_mode');
  const policy = section.get('bond_xmit_hash_policy');
  const primary = section.get('bond-primary');
  const hashes = mode === 'balance-xor' || mode === '802.3ad';
  return [
    `\tbond-slaves ${spaced(section.get('slaves'))}`,
    `\tbond-miimon ${section.get('bond_miimon') ?? '100'}`,
    `\tbond-mode ${mode ?? 'balance-rr'}`,
    ...(hashes && isTrue(policy) ? [`\tbond-xmit-hash-policy ${policy}`] : []),
    ...(mode === 'active-backup' && isTrue(primary) ? [`\tbond-primary ${primary}`] : []),
    ...mtuLines(section),
  ];
}

/** Proxmox's own text for Open vSwitch, which no node has. */
export function refuseOpenVSwitch(): never {
  fail(500, "Open VSwitch is not installed (need package 'openvswitch-switch')");
}
