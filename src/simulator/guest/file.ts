// Why this exists: guests of both kinds are one configuration file each: its text, the digest over
// it, which of its entries vanish, and what its own keys forbid (PVE::AbstractConfig).
import {createHash} from 'node:crypto';
import {fail} from '../failure.ts';
import type {Cluster, Guest} from '../state.ts';
import {recordEffect} from '../state.ts';

/** The file's text when it was last read or written, to tell real changes from none. */
const textAtLoad = new WeakMap<Guest, string>();

/** Remember the file as it is read, so that `recordChange` knows whether it was changed. */
export function noteLoaded(guest: Guest): void {
  textAtLoad.set(guest, fileText(guest));
}

/** Record an effect if the file is another than when it was last read or written. */
export function recordChange(cluster: Cluster, guest: Guest, detail: string): void {
  const text = fileText(guest);
  if (textAtLoad.get(guest) === text) return;
  textAtLoad.set(guest, text);
  recordEffect(cluster, 'config', guest.vmid, detail);
}

/** Sections of a new guest; all empty. */
export function emptySections(): Pick<Guest, 'config' | 'pending' | 'pendingDelete' | 'snapshots'> {
  return {config: new Map(), pending: new Map(), pendingDelete: new Map(), snapshots: new Map()};
}

/** SHA-1 of the file's text in hex: a pure content hash. */
export function digestOf(guest: Guest): string {
  return createHash('sha1').update(fileText(guest)).digest('hex');
}

/** 500 with `text` unless the digest is the file's; what is false in Perl is no check. */
export function assertDigestIs(guest: Guest, digest: string | undefined, text: string): void {
  if (digest === undefined || digest === '' || digest === '0') return;
  if (digest !== digestOf(guest)) fail(500, text);
}

/** 500 unless a digest is the file's, in the words of most calls. */
export function assertUnmodified(guest: Guest, digest: string | undefined, prefix = ''): void {
  const text = 'detected modified configuration - file changed by other user? Try again.';
  assertDigestIs(guest, digest, `${prefix}${text}`);
}

/** 500 `VM is locked (backup)`, or `CT is …`, when the guest's lock key is set. */
export function assertUnlocked(guest: Guest): void {
  const lock = guest.config.get('lock');
  if (lock !== undefined) fail(500, `${guest.kind === 'qemu' ? 'VM' : 'CT'} is locked (${lock})`);
}

/** 500 `… - protection mode enabled` on a protected guest. */
export function assertUnprotected(guest: Guest, what: string): void {
  if (guest.config.get('protection') === '1') fail(500, `${what} - protection mode enabled`);
}

/** Whether a key keeps a volume that is not in use. */
export function isUnusedKey(key: string): boolean {
  return /^unused\d+$/.test(key);
}

/**
 * Keep a volume that lost its place as the lowest free unusedN of a section; gives that key, or
 * undefined if the volume is listed already.
 */
export function addUnused(section: Map<string, string>, volid: string): string | undefined {
  for (const [key, value] of section) {
    if (isUnusedKey(key) && value === volid) return undefined;
  }
  for (let index = 0; index < 256; index += 1) {
    if (section.has(`unused${index}`)) continue;
    section.set(`unused${index}`, volid);
    return `unused${index}`;
  }
  return fail(500, 'Too many unused volumes - please delete them first.');
}

/** Take the unusedN entries of volumes that are in use again out of a section. */
export function dropUsed(section: Map<string, string>, used: ReadonlySet<string>): void {
  for (const [key, value] of [...section]) {
    if (isUnusedKey(key) && used.has(value)) section.delete(key);
  }
}

/** The file's text: sections in a fixed order, keys sorted. */
function fileText(guest: Guest): string {
  const pending = new Map(guest.pending);
  if (guest.pendingDelete.size > 0) {
    const deletes = [...guest.pendingDelete].map(([key, how]) =>
      how === 'force' ? `!${key}` : key,
    );
    pending.set('delete', deletes.join(','));
  }
  const drift = guest.kind === 'qemu' ? [...guest.cloudInitDrift] : [];
  return [
    sectionText('', guest.config),
    sectionText(guest.kind === 'qemu' ? 'PENDING' : 'pve:pending', pending),
    sectionText('special:cloudinit', new Map(drift.map(([key, old]) => [key, old ?? '(added)']))),
    ...[...guest.snapshots].map(([name, keys]) => sectionText(name, keys)),
  ].join('');
}

function sectionText(title: string, keys: ReadonlyMap<string, string>): string {
  if (keys.size === 0) return '';
  const lines = [...keys.keys()].sort().map((key) => `${key}: ${keys.get(key)}\n`);
  return `${title === '' ? '' : `\n[${title}]\n`}${lines.join('')}`;
}
