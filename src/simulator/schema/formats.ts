// Why this exists: the schema names formats (`pve-vmid`, `CIDR`, …) whose rules and texts live in
// Proxmox's code; here are those rules as facts. A format not listed accepts everything.
import {isIPv4, isIPv6} from 'node:net';
import {allPrivileges} from '../privileges.ts';
import {splitList} from '../route.ts';
import type {Version} from '../state.ts';
import {calendarProblem} from './calendar.ts';
import {firewallFormats} from './firewall-formats.ts';

/** A format's check: the text of the complaint, newline included, or undefined. */
export type FormatCheck = (value: string, version: Version) => string | undefined;

/** What is wrong with a value of a named format; undefined when nothing is. */
export function formatProblem(version: Version, format: string, value: string): string | undefined {
  const check = checks[format];
  if (check !== undefined) {
    return check(value, version);
  }
  if (format.endsWith('-list')) {
    return listProblem(version, format.slice(0, -'-list'.length), value);
  }
  if (format.endsWith('-opt')) {
    return value === '' ? undefined : formatProblem(version, format.slice(0, -4), value);
  }
  return undefined;
}

function listProblem(version: Version, item: string, value: string): string | undefined {
  for (const one of splitList(value)) {
    const problem = formatProblem(version, item, one);
    if (problem !== undefined) {
      return problem;
    }
  }
  return undefined;
}

function matching(pattern: RegExp, text: (value: string) => string): FormatCheck {
  return (value) => (pattern.test(value) ? undefined : `${text(value)}\n`);
}

function looksLike(what: string, accepts: (value: string) => boolean): FormatCheck {
  return (value) => (accepts(value) ? undefined : `value does not look like a valid ${what}\n`);
}

const nodeName = /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const configId = /^[a-z][a-z0-9_-]+$/i;
const dnsName =
  /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
const tag = /^[a-z0-9_][a-z0-9_\-+.]*$/i;
const volumeId = /^([a-zA-Z][a-zA-Z0-9\-_.]*[a-zA-Z0-9]):(.+)$/;
const contentTypes = new Set([
  'images',
  'rootdir',
  'vztmpl',
  'iso',
  'backup',
  'snippets',
  'import',
  'none',
]);

function isIp(value: string): boolean {
  return isIPv4(value) || isIPv6(value);
}

function isCidr(value: string, accepts: (address: string) => boolean = isIp): boolean {
  const [address = '', bits = '', rest] = value.split('/');
  const most = isIPv4(address) ? 32 : 128;
  return rest === undefined && /^\d+$/.test(bits) && Number(bits) <= most && accepts(address);
}

function bootProblem(value: string): string | undefined {
  const legacy = /^(?:legacy=)?[acdn]{1,4}$/;
  const order = /^order=(?:[a-z]+\d+(?:;[a-z]+\d+)*)?$/;
  return value === '' || legacy.test(value) || order.test(value)
    ? undefined
    : `format error\nboot: value does not match the regex pattern\n`;
}

function pruneProblem(value: string): string | undefined {
  const all = /(^|,)keep-all=(1|on|yes|true)/.test(value);
  const others = value.split(',').filter((part) => /^keep-(?!all)\w+=[1-9]/.test(part));
  return all && others.length > 0
    ? 'keep-all cannot be set together with other options.\n'
    : undefined;
}

const builtInCpus = new RegExp(
  `^(?:${[
    '486 athlon Broadwell Cascadelake Conroe Cooperlake core EPYC Graniterapids GraniteRapids',
    'Haswell host Icelake IvyBridge Knights kvm max Nehalem Opteron Penryn pentium phenom',
    'qemu SandyBridge SapphireRapids SierraForest Skylake Westmere x86-64-v coreduo',
    'ClearwaterForest DiamondRapids',
  ]
    .flatMap((line) => line.split(' '))
    .join('|')})`,
  'i',
);

function cpuProblem(value: string): string | undefined {
  const first = value.split(',')[0] ?? '';
  const type = first.startsWith('cputype=') ? first.slice('cputype='.length) : first;
  if (type === '' || type.includes('=') || type.startsWith('custom-') || builtInCpus.test(type)) {
    return undefined;
  }
  return `Built-in cputype '${type}' is not defined (missing 'custom-' prefix?)\n`;
}

const checks: Readonly<Record<string, FormatCheck>> = {
  ...firewallFormats,
  'pve-vmid': looksLike('VM ID', (value) => /^[1-9][0-9]{2,8}$/.test(value)),
  'pve-node': looksLike('node name', (value) => nodeName.test(value)),
  'pve-configid': matching(configId, (value) => `invalid configuration ID '${value}'`),
  'pve-storage-id': matching(
    /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i,
    (value) => `storage ID '${value}' contains illegal characters`,
  ),
  'pve-userid': matching(
    /^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+$/,
    (value) => `value '${value}' does not look like a valid user name`,
  ),
  'pve-groupid': matching(
    /^[A-Za-z0-9.\-_]+$/,
    (value) => `group name '${value}' contains invalid characters`,
  ),
  'pve-roleid': matching(
    /^[A-Za-z0-9.\-_]+$/,
    (value) => `role name '${value}' contains invalid characters`,
  ),
  'pve-priv': (value, version) =>
    allPrivileges(version).includes(value) ? undefined : `invalid privilege '${value}'\n`,
  'pve-poolid': matching(
    /^[A-Za-z0-9.\-_]+(\/[A-Za-z0-9.\-_]+){0,2}$/,
    (value) => `pool name '${value}' contains invalid characters`,
  ),
  'dns-name': looksLike('DNS name', (value) => dnsName.test(value)),
  email: looksLike('email address', (value) =>
    /^[\w+\-~]+(\.[\w+\-~]+)*@[\w-]+(\.[\w-]+)*$/.test(value),
  ),
  ipv4: looksLike('IPv4 address', isIPv4),
  ipv6: looksLike('IPv6 address', isIPv6),
  ip: looksLike('IP address', isIp),
  CIDR: looksLike('CIDR network', (value) => isCidr(value)),
  CIDRv4: looksLike('IPv4 network', (value) => isCidr(value, isIPv4)),
  CIDRv6: looksLike('IPv6 network', (value) => isCidr(value, isIPv6)),
  IPorCIDR: looksLike('IP address or CIDR network', (value) => isIp(value) || isCidr(value)),
  'pve-ipv4-config': looksLike(
    'ipv4 network configuration',
    (value) => ['dhcp', 'manual'].includes(value) || isCidr(value, isIPv4),
  ),
  'pve-ipv6-config': looksLike(
    'ipv6 network configuration',
    (value) => ['dhcp', 'auto', 'manual'].includes(value) || isCidr(value, isIPv6),
  ),
  'mac-addr': looksLike('unicast MAC address', (value) =>
    /^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i.test(value),
  ),
  address: matching(
    new RegExp(`^(?:[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*|${dnsName.source.slice(1, -1)})$`),
    (value) => `value does not look like a valid address: ${value}`,
  ),
  'pve-iface': (value) =>
    value.length >= 2 && value.length <= 20 && /^[a-z][a-z0-9_]{1,20}([:.]\d+)?$/i.test(value)
      ? undefined
      : `invalid network interface name '${value}'\n`,
  'pve-bridge-id': matching(/^[-_.\w\d]+$/, (value) => `invalid bridge ID '${value}'`),
  'pve-volume-id': matching(volumeId, (value) => `unable to parse volume ID '${value}'`),
  'pve-volume-id-or-qm-path': (value) =>
    ['none', 'cdrom'].includes(value) || value.startsWith('/') || volumeId.test(value)
      ? undefined
      : `unable to parse volume ID '${value}'\n`,
  'pve-volume-id-or-absolute-path': (value) =>
    value.startsWith('/') || volumeId.test(value)
      ? undefined
      : `unable to parse volume ID '${value}'\n`,
  'disk-size': matching(
    /^\d+(\.\d+)?[KMGT]?$/,
    (value) => `value does not look like a valid disk size: ${value}`,
  ),
  urlencoded: matching(
    /^[-%a-zA-Z0-9_.!~*'()]*$/,
    (value) => `invalid urlencoded string: ${value}`,
  ),
  'pve-storage-content': (value) =>
    contentTypes.has(value) ? undefined : `invalid content type '${value}'\n`,
  'pve-storage-path': looksLike('absolute path', (value) => value.startsWith('/')),
  'pve-tag': (value) => (tag.test(value) ? undefined : 'invalid characters in tag\n'),
  'pve-startup-order': (value) =>
    value
      .split(',')
      .every((part) => part.trim() === '' || /^(?:(?:order=)?\d+|(?:up|down)=\d+)$/.test(part))
      ? undefined
      : 'unable to parse startup options\n',
  'pve-hotplug-features': (value) =>
    value === '0' ||
    value === '1' ||
    splitList(value).every((one) =>
      ['network', 'disk', 'cpu', 'memory', 'usb', 'cloudinit'].includes(one),
    )
      ? undefined
      : 'unable to parse hotplug option\n',
  'pve-calendar-event': calendarProblem,
  'pve-qm-boot': bootProblem,
  'pve-vm-cpu-conf': cpuProblem,
  'prune-backups': pruneProblem,
};
