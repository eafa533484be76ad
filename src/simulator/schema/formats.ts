// Why this exists: the schema names formats (`pve-vmid`, `CIDR`, …) whose rules and texts live in
// Proxmox's code; here are those rules as facts. A format not listed accepts everything.
import {isIPv4, isIPv6} from 'node:net';
import {allPrivileges} from '../privileges.ts';
import {splitList} from '../route.ts';
import type {Version} from '../state.ts';
import {calendarProblem} from './calendar.ts';
import {firewallFormats} from './firewall-formats.ts';
import {guestFormats} from './guest-formats.ts';
import {lxcFormats} from './lxc-formats.ts';
import {restFormats} from './rest-formats.ts';

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
function isIp(value: string): boolean {
  return isIPv4(value) || isIPv6(value);
}

function isCidr(value: string, accepts: (address: string) => boolean = isIp): boolean {
  const [address = '', bits = '', rest] = value.split('/');
  const most = isIPv4(address) ? 32 : 128;
  const fits = /^\d+$/.test(bits) && Number(bits) > 7 && Number(bits) <= most;
  return rest === undefined && fits && accepts(address);
}

const storageId = matching(
  /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i,
  (value) => `storage ID '${value}' contains illegal characters`,
);
const bridgeId = matching(/^[-_.\w\d]+$/, (value) => `invalid bridge ID '${value}'`);
const mailUser = '[\\w+\\-~]+(\\.[\\w+\\-~]+)*';
const mail = new RegExp(`^${mailUser}@[a-zA-Z0-9-]+(\\.[a-zA-Z0-9-]+)*$`);

const checks: Readonly<Record<string, FormatCheck>> = {
  ...firewallFormats,
  ...restFormats,
  ...guestFormats({storage: (id) => storageId(id, '8.4'), bridge: (id) => bridgeId(id, '8.4')}),
  ...lxcFormats,
  'pve-vmid': looksLike('VM ID', (value) => /^[1-9][0-9]{2,8}$/.test(value)),
  'pve-node': looksLike('node name', (value) => nodeName.test(value)),
  'pve-configid': matching(configId, (value) => `invalid configuration ID '${value}'`),
  'pve-storage-id': storageId,
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
  'dns-name': looksLike('DNS name', (value) => dnsName.test(value)),
  email: looksLike('email address', (value) => mail.test(value)),
  'email-or-username': looksLike(
    'email address or user name',
    (value) => mail.test(value) || new RegExp(`^${mailUser}$`).test(value),
  ),
  ipv4: looksLike('IPv4 address', isIPv4),
  ipv6: looksLike('IPv6 address', isIPv6),
  ip: looksLike('IP address', isIp),
  CIDR: looksLike('CIDR network', (value) => isCidr(value)),
  CIDRv4: looksLike('IPv4 CIDR network', (value) => isCidr(value, isIPv4)),
  CIDRv6: looksLike('IPv6 CIDR network', (value) => isCidr(value, isIPv6)),
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
  'pve-iface': matching(
    /^[a-z][a-z0-9_]{1,20}([:.]\d+)?$/i,
    (value) => `invalid network interface name '${value}'`,
  ),
  'pve-bridge-id': bridgeId,
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
    /^\d+(\.\d+)?([KMGT](iB)?)?$/,
    (value) => `value does not look like a valid disk size: ${value}`,
  ),
  urlencoded: matching(
    /^[-%a-zA-Z0-9_.!~*'()]*$/,
    (value) => `invalid urlencoded string: ${value}`,
  ),
  'pve-tag': (value) => (tag.test(value) ? undefined : 'invalid characters in tag\n'),
  'pve-calendar-event': calendarProblem,
};
