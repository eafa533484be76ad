// Why this exists: named formats of everything that is no guest (access, storages, nodes, HA, SDN,
// replication, metrics), each with the text of its refusal.
import {isIPv4, isIPv6} from 'node:net';
import type {SubKeys} from './property-string.ts';

type Check = (value: string) => string | undefined;

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

function contentTypeProblem(value: string): string | undefined {
  return contentTypes.has(value) ? undefined : `invalid content type '${value}'\n`;
}

function matching(pattern: RegExp, text: (value: string) => string): Check {
  return (value) => (pattern.test(value) ? undefined : `${text(value)}\n`);
}

function invalid(what: string): (value: string) => string {
  return (value) => `${what} '${value}' contains illegal characters`;
}

/** What PVE::Auth::Plugin::verify_username says of a user's name; undefined when it is one. */
export function userProblem(text: string): string | undefined {
  const userid = text === '0' ? '' : text;
  if (userid.length < 3) {
    return `user name '${userid}' is too short`;
  }
  if (userid.length > 64) {
    return `user name '${userid}' is too long (${userid.length} > 64)`;
  }
  return /^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+$/.test(userid)
    ? undefined
    : `value '${userid}' does not look like a valid user name`;
}

function withNewline(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${text}\n`;
}

function poolProblem(value: string): string | undefined {
  if (value.split('/').length > 3) {
    return `pool name '${value}' nested too deeply (max levels = 3)\n`;
  }
  return /^[A-Za-z0-9.\-_]+(\/[A-Za-z0-9.\-_]+){0,2}$/.test(value)
    ? undefined
    : `pool name '${value}' contains invalid characters\n`;
}

/** An id of at most `most` letters and digits, as zones and vnets have. */
function shortId(kind: string, pattern: RegExp, most: number): Check {
  return (value) => {
    if (!pattern.test(value)) {
      return `${kind} ID '${value}' contains illegal characters\n`;
    }
    return value.length > most
      ? `${kind} ID '${value}' can't be more length than ${most} characters\n`
      : undefined;
  };
}

function vlanProblem(value: string): string | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(value);
  if (match === null) {
    return `invalid VLAN configuration '${value}'\n`;
  }
  const tags = [match[1], match[2]].filter((tag) => tag !== undefined).map(Number);
  const bad = tags.find((tag) => tag < 2 || tag > 4094);
  if (bad !== undefined) {
    return `invalid VLAN tag '${bad}'\n`;
  }
  const [start = 0, end = Number.POSITIVE_INFINITY] = tags;
  return start >= end ? `VLAN range must go from lower to higher tag '${value}'\n` : undefined;
}

function subnetProblem(value: string): string | undefined {
  const [, ip = '', mask = ''] = value.split('-');
  const [address = '', bits = ''] = value.includes('/') ? value.split('/') : [ip, mask];
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const isSubnet = /^\d+$/.test(bits) && Number(bits) > 7 && Number(bits) <= most;
  return isSubnet ? undefined : 'value does not look like a valid CIDR network\n';
}

function replicationProblem(value: string): string | undefined {
  const guest = /^(\d+)-(\d+)$/.exec(value)?.[1];
  if (guest === undefined) {
    return `invalid replication job id '${value}'\n`;
  }
  return Number(guest) < 100
    ? `invalid replication job id '${value}' (guest IDs < 100 are reserved)\n`
    : undefined;
}

function isNetmask(value: string): boolean {
  if (!isIPv4(value)) {
    return false;
  }
  const bits = value.split('.').map((part) => Number(part).toString(2).padStart(8, '0'));
  return /^1*0*$/.test(bits.join(''));
}

const simpleId = /^[a-z][a-z0-9]*[a-z0-9]$/i;
const dnsName = /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i;
const routeTarget = matching(
  /^\d{1,10}:\d{1,10}$/,
  () => 'value does not look like a valid bgp route-target',
);
const haNode = /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(:\d+)?$/;

/** Checks by the name of the format. */
export const restFormats: Readonly<Record<string, Check>> = {
  'pve-userid': (value) => withNewline(userProblem(value)),
  'pve-tokenid': matching(
    /^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]*$/,
    (value) => `value '${value}' does not look like a valid token ID`,
  ),
  'pve-realm': matching(
    /^[A-Za-z][A-Za-z0-9.\-_]+$/,
    () => 'value does not look like a valid realm',
  ),
  'pve-poolid': poolProblem,
  'ldap-simple-attr': matching(
    /^[a-zA-Z0-9]+$/,
    (value) => `value '${value}' does not look like a simple ldap attribute name`,
  ),
  'pve-task-status-type': matching(
    /^(ok|error|warning|unknown)$/i,
    (value) => `invalid status '${value}'`,
  ),
  'pve-day-of-week': matching(
    /^(mon|tue|wed|thu|fri|sat|sun)$/,
    (value) => `invalid day '${value}'`,
  ),
  'mac-prefix': matching(
    /^[a-f0-9][02468ace](?::[a-f0-9]{2}){0,2}:?$/i,
    () => 'value is not a valid unicast MAC address prefix',
  ),
  'graphite-path': matching(dnsName, () => 'value does not look like a valid graphite path'),
  ipv4mask: (value) =>
    isNetmask(value) ? undefined : 'value does not look like a valid IP netmask\n',
  'pve-vlan-id-or-range': vlanProblem,
  'pve-storage-path': matching(
    /^\/[^;()]+/,
    () => 'value does not look like a valid absolute path',
  ),
  'pve-storage-server': (value) =>
    isIPv4(value) || isIPv6(value) || dnsName.test(value)
      ? undefined
      : 'value does not look like a valid server name or IP address\n',
  'pve-storage-vgname': matching(/^[a-z0-9][a-z0-9\-_.]*[a-z0-9]$/i, invalid('lvm name')),
  'pve-storage-portal-dns': matching(
    /^(?:[a-z0-9\-.]+(?::\d+)?|\[[a-f0-9:.\w-]+\](?::\d+)?|[a-f0-9:]*:[a-f0-9:]*(?:\.\d+)?)$/i,
    () => 'value does not look like a valid portal address',
  ),
  'pve-storage-options': matching(/^\S+$/, (value) => `invalid options '${value}'`),
  'pve-storage-content': contentTypeProblem,
  'pve-dir-override': (value) => {
    const content = /^([a-z]+)=[^.]*(?:\.?[^.]+)+$/.exec(value)?.[1];
    return content === undefined ? `invalid override '${value}'\n` : contentTypeProblem(content);
  },
  'pve-replication-job-id': replicationProblem,
  'pve-ha-resource-id': matching(
    /^[a-z]+:\S+$/,
    () => 'value does not look like a valid ha resource id',
  ),
  'pve-ha-resource-or-vm-id': matching(
    /^([a-z]+:\S+|\d+)$/,
    () => 'value does not look like a valid ha resource id',
  ),
  'pve-ha-group-node': matching(haNode, () => 'value does not look like a valid ha group node'),
  'pve-ha-node': matching(haNode, () => 'value does not look like a valid ha group node'),
  'pve-sdn-dns-id': matching(simpleId, invalid('dns ID')),
  'pve-sdn-ipam-id': matching(simpleId, invalid('ipam ID')),
  'pve-sdn-controller-id': shortId('controller', /^[a-z][a-z0-9_-]*[a-z0-9]$/i, 64),
  'pve-sdn-zone-id': shortId('zone', simpleId, 8),
  'pve-sdn-vnet-id': shortId('vnet', simpleId, 8),
  'pve-sdn-subnet-id': subnetProblem,
  'pve-sdn-bgp-rt': routeTarget,
  'pve-sdn-isis-net': matching(
    /^[a-fA-F0-9]{2}(\.[a-fA-F0-9]{4}){3,9}\.[a-fA-F0-9]{2}$/,
    () => 'value does not look like a valid isis net',
  ),
  'pem-certificate-chain': matching(
    /^-----BEGIN CERTIFICATE-----/,
    () => 'value does not look like a valid PEM-encoded certificate chain',
  ),
};

const yesNo = {type: 'boolean', optional: 1} as const;
const text = {type: 'string', optional: 1} as const;

/** Property strings by the name of the format. */
export const restSubKeys: Readonly<Record<string, SubKeys>> = {
  'pve-tfa-config': {
    type: {type: 'string', enum: ['yubico', 'oath']},
    id: text,
    key: text,
    url: text,
    digits: {type: 'integer', minimum: 6, maximum: 8, optional: 1},
    step: {type: 'integer', minimum: 10, optional: 1},
  },
  'realm-sync-options': {
    scope: {...text, enum: ['users', 'groups', 'both']},
    'remove-vanished': {
      ...text,
      pattern: '(?:(?:(?:acl|properties|entry);)*(?:acl|properties|entry))|none',
    },
    full: yesNo,
    'enable-new': yesNo,
    purge: yesNo,
  },
  'pve-sdn-dhcp-range': {'start-address': {}, 'end-address': {}},
};
