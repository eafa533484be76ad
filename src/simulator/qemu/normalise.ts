// Why this exists: what Proxmox makes of a typed value before it stores it (facts.md section 7):
// some strings are rewritten, most are kept as typed.
import {createHash} from 'node:crypto';
import {fail} from '../failure.ts';
import type {Random} from '../random.ts';
import {randomUuid} from '../random.ts';
import type {Cluster} from '../state.ts';
import {keyFacts} from './keys.ts';
import {parseProperties, printProperties} from './property-string.ts';

/** The configured MAC prefix; Proxmox's own when none is set. */
export function macPrefix(cluster: Cluster): string {
  return cluster.options.get('mac_prefix') ?? 'BC:24:11';
}

/** A value as it is written to the file: a description keeps its lines, others have none. */
export function storedText(key: string, text: string): string {
  if (key === 'description') return text.replace(/\s+$/, '');
  if (text.includes('\n')) {
    fail(500, `unable to parse value of '${key}' - property contains a line feed`);
  }
  const {type, format} = keyFacts(key) ?? {type: 'string'};
  const pattern = type === 'number' ? /^\d+(\.\d+)?$/ : type === 'integer' ? /^\d+$/ : undefined;
  if (pattern?.test(text) === false) {
    fail(500, `unable to parse value of '${key}' - type check ('${type}') failed - got '${text}'`);
  }
  if (type === 'integer') return String(Number(text));
  // What has no format may stand in quotation marks.
  const bare = format === undefined ? text.replace(/^"(.*)"$/, '$1') : text;
  // A blank is no escaped text: read again, the line is passed over.
  return bare.trim() || (key === 'sshkeys' ? '' : ' ');
}

/** The number of sockets was once called `smp`; no file is written with it. */
export function replaceSmp(config: Map<string, string>): void {
  const smp = config.get('smp');
  if (smp === undefined) return;
  config.delete('smp');
  if (config.has('sockets')) return;
  config.set('sockets', smp);
  config.delete('cores');
}

/** Tags as an update stores them: lower case, once each, sorted; none at all is a blank. */
export function normaliseTags(cluster: Cluster, text: string): string {
  const style = cluster.options.get('tag-style') ?? '';
  const exact = /case-sensitive=1/.test(style);
  const kept = /ordering=config/.test(style);
  const all = text.split(/[,;\s]+/).filter((tag) => tag !== '');
  const unique = [...new Set(exact ? all : all.map((tag) => tag.toLowerCase()))];
  return (kept ? unique : unique.sort()).join(';') || ' ';
}

/** Control groups of version 2, as all nodes here have, take at most 10000 shares. */
export function clampCpuUnits(text: string): string {
  return Number(text) >= 10_000 ? '10000' : text;
}

/** Reject what is no public key; the text is percent-encoded, one key a line. */
export function checkSshKeys(text: string): void {
  // What is no escape stands for itself.
  checkPublicKeys(decodeURIComponent(text.replaceAll(/%(?![0-9a-fA-F]{2})/g, '%25')));
}

/** Reject what is no public key; one key a line, 500 `SSH public key validation error`. */
export function checkPublicKeys(text: string): void {
  for (const line of text.split('\n')) {
    const key = line.trim();
    if (key !== '' && !isPublicKey(key)) fail(500, 'SSH public key validation error');
  }
}

/** The key's own bytes begin with the name of its kind, and more follows. */
function isPublicKey(line: string): boolean {
  const match = /^(ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+|sk-\S+) ([A-Za-z0-9+/=]+)( .*)?$/.exec(
    line,
  );
  if (match === null) return false;
  const [, kind = '', body = ''] = match;
  const bytes = Buffer.from(body, 'base64');
  const isNamed = bytes.length > 4 && bytes.readUInt32BE(0) === kind.length;
  return (
    isNamed &&
    bytes.toString('latin1', 4, 4 + kind.length) === kind &&
    bytes.length > 8 + kind.length
  );
}

/** A password as an update stores it: hashed unless it is a hash already or for Windows. */
export function hashPassword(random: Random, text: string, ostype: string | undefined): string {
  if (/^\$(?:[156]|2[ay])(?:\$.+){2}/.test(text) || isWindows(ostype)) return text;
  if (text.length > 511) fail(500, 'Failed to hash password!');
  const salt = random.hex(8);
  const sum = createHash('sha256').update(`${salt}${text}`).digest('base64url');
  return `$5$${salt}$${sum}`;
}

/** Whether an ostype is one of Windows. */
export function isWindows(ostype: string | undefined): boolean {
  return /^(wxp|w2k|w2k3|w2k8|wvista|win\d+)$/.test(ostype ?? '');
}

/** The machine type Proxmox pins for Windows when none is given. */
export function pinnedMachine(machine: string | undefined, qemu: string): string | undefined {
  const properties = parseProperties('machine', machine ?? '');
  const kind = properties.get('type') ?? 'pc';
  if (kind !== 'pc' && kind !== 'q35') return undefined;
  properties.set('type', `pc-${kind === 'pc' ? 'i440fx' : 'q35'}-${qemu}`);
  return printProperties('machine', properties);
}

/** smbios1 with a fresh UUID and the rest as it was, as a clone gets it. */
export function freshSmbios(random: Random, text: string | undefined): string {
  const properties = parseProperties('smbios1', text ?? '');
  properties.set('uuid', randomUuid(random));
  return printProperties('smbios1', properties);
}
